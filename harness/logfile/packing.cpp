// SPDX-License-Identifier: GPL-2.0-or-later
#include "logfile/packing.hpp"

#include <lzma.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>

namespace relapse::logfile {
namespace {

struct Mark {
  std::string_view bytes;
  PackingFound found;
};

constexpr std::array kMarks{
    Mark{"\x1f\x8b", {Packing::Gzip, "gzip", {}}},  // RFC 1952, 2.3.1
    Mark{std::string_view("\xfd"
                          "7zXZ\0",
                          6),
         {Packing::Xz, "xz", {}}},                                                           // .xz format, 2.1.1.1
    Mark{"\x28\xb5\x2f\xfd", {Packing::Zstd, "zstd", {}}},                                   // RFC 8878, 3.1.1
    Mark{"BZh91AY&SY", {Packing::Unsupported, "bzip2", "bzip2 -dc"}},                        // its default level, -9
    Mark{"\x04\x22\x4d\x18", {Packing::Unsupported, "lz4", "lz4 -dc"}},                      // LZ4 frame format
    Mark{std::string_view("PK\x03\x04"), {Packing::Unsupported, "zip", "unzip -p"}},         // APPNOTE.TXT, 4.3.7
    Mark{std::string_view("7z\xbc\xaf\x27\x1c"), {Packing::Unsupported, "7z", "7z x -so"}},  // 7zFormat.txt
};

constexpr std::uint64_t kMostXzMemory = 256u << 20;  // xz -9 wants 65 MiB

class GzipDecoder : public Decoder {
 public:
  GzipDecoder() {
    if (inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~GzipDecoder() override { inflateEnd(&stream_); }
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  Step step(std::string_view in, std::span<char> out) override {
    stream_.next_in = reinterpret_cast<const Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    Step step{in.size() - stream_.avail_in, out.size() - stream_.avail_out, status == Z_STREAM_END, {}};
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
      step.damage = stream_.msg != nullptr ? stream_.msg : zError(status);
    return step;
  }

  void beginMember() override { inflateReset(&stream_); }

 private:
  z_stream stream_{};
};

class XzDecoder : public Decoder {
 public:
  XzDecoder() { beginMember(); }
  ~XzDecoder() override { lzma_end(&stream_); }
  XzDecoder(const XzDecoder&) = delete;
  XzDecoder& operator=(const XzDecoder&) = delete;

  Step step(std::string_view in, std::span<char> out) override {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream_.avail_out = out.size();
    const lzma_ret status = lzma_code(&stream_, LZMA_RUN);
    Step step{in.size() - stream_.avail_in, out.size() - stream_.avail_out, status == LZMA_STREAM_END, {}};
    if (status != LZMA_OK && status != LZMA_STREAM_END && status != LZMA_BUF_ERROR) step.damage = words(status);
    return step;
  }

  void beginMember() override {
    if (lzma_stream_decoder(&stream_, kMostXzMemory, 0) != LZMA_OK) throw std::bad_alloc();
  }

 private:
  static const char* words(lzma_ret status) {
    if (status == LZMA_MEMLIMIT_ERROR) return "it wants more than 256 MiB to unpack";
    if (status == LZMA_FORMAT_ERROR) return "not the begin of a stream";
    return status == LZMA_MEM_ERROR ? "no memory" : "damaged data";
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
};

class ZstdDecoder : public Decoder {
 public:
  ZstdDecoder() : stream_(ZSTD_createDCtx(), ZSTD_freeDCtx) {
    if (stream_ == nullptr) throw std::bad_alloc();
  }

  Step step(std::string_view in, std::span<char> out) override {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t status = ZSTD_decompressStream(stream_.get(), &output, &input);
    Step step{input.pos, output.pos, status == 0, {}};
    if (ZSTD_isError(status) != 0) step.damage = ZSTD_getErrorName(status);
    return step;
  }

  void beginMember() override { ZSTD_DCtx_reset(stream_.get(), ZSTD_reset_session_only); }

 private:
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> stream_;
};

}  // namespace

PackingFound packingOf(std::string_view head) {
  const auto mark =
      std::find_if(kMarks.begin(), kMarks.end(), [&](const Mark& row) { return head.starts_with(row.bytes); });
  return mark == kMarks.end() ? PackingFound{} : mark->found;
}

bool mayBePacked(std::string_view head) {
  return std::any_of(kMarks.begin(), kMarks.end(),
                     [&](const Mark& row) { return head.size() < row.bytes.size() && row.bytes.starts_with(head); });
}

std::unique_ptr<Decoder> makeDecoder(Packing packing) {
  switch (packing) {
    case Packing::Gzip:
      return std::make_unique<GzipDecoder>();
    case Packing::Xz:
      return std::make_unique<XzDecoder>();
    case Packing::Zstd:
      return std::make_unique<ZstdDecoder>();
    default:
      return nullptr;
  }
}

}  // namespace relapse::logfile
