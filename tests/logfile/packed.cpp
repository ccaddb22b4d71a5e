// SPDX-License-Identifier: GPL-2.0-or-later
#include "packed.hpp"

#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <fstream>
#include <stdexcept>

namespace relapse::logfile {
namespace {

void require(bool holds) {
  if (!holds) throw std::runtime_error("the test's own text cannot be packed");
}

const std::uint8_t* bytesOf(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

std::uint8_t* bytesOf(std::string& text) {
  return reinterpret_cast<std::uint8_t*>(text.data());
}

}  // namespace

std::string gzipped(std::string_view text) {
  std::string copy(text);
  z_stream stream{};
  require(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, copy.size()), '\0');
  stream.next_in = bytesOf(copy);
  stream.avail_in = static_cast<uInt>(copy.size());
  stream.next_out = bytesOf(out);
  stream.avail_out = static_cast<uInt>(out.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

std::string xzed(std::string_view text) {
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t made = 0;
  require(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, nullptr, bytesOf(text), text.size(), bytesOf(out), &made,
                                  out.size()) == LZMA_OK);
  out.resize(made);
  return out;
}

std::string zstded(std::string_view text) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);  // as the program does
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t made = ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size());
  ZSTD_freeCCtx(context);
  require(ZSTD_isError(made) == 0);
  out.resize(made);
  return out;
}

std::string longLog() {
  std::string log;
  std::uint32_t random = 1;
  while (log.size() < (3u << 20)) {
    random = random * 1664525 + 1013904223;
    log += "[    1.000000] device " + std::to_string(random) + " is " + std::to_string(random >> 7) + "\n";
  }
  return log;
}

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "relapse-logfile-XXXXXX").string();
  require(mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& name, std::string_view content) const {
  std::ofstream(file(name), std::ios::binary | std::ios::trunc) << content;
  return file(name);
}

void Folder::append(const std::string& name, std::string_view content) const {
  std::ofstream(file(name), std::ios::binary | std::ios::app) << content;
}

}  // namespace relapse::logfile
