// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/decode_log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "logfile/raw_bytes.hpp"

namespace relapse::cli {
namespace {

tl::unexpected<Failure> cannotKeep(const std::string& name) {
  return fail(FailureKind::Exhausted, fmt::format("{}: cannot be kept in a temporary file: {}",
                                                  logfile::shownName(name), std::strerror(errno)));
}

}  // namespace

Result<TwiceReadLog> TwiceReadLog::open(const std::string& name) {
  auto log = logfile::LogFile::open(name);
  if (!log) return passOn(std::move(log).error());
  TwiceReadLog opened(name, std::move(*log));
  std::error_code ignored;
  if (name != "-" && std::filesystem::is_regular_file(name, ignored)) return opened;
  opened.kept_.reset(std::tmpfile());
  if (!opened.kept_) return cannotKeep(name);
  return opened;
}

Result<std::string_view> TwiceReadLog::read() {
  if (again_ && kept_) return readKept();
  auto piece = log_.read();
  if (!piece) {
    failure_ = piece.error();
  } else if (kept_ && std::fwrite(piece->data(), 1, piece->size(), kept_.get()) != piece->size()) {
    return cannotKeep(name_);
  }
  return piece;
}

Result<std::string_view> TwiceReadLog::readKept() {
  buffer_.resize(logfile::kPiece);
  const std::size_t count = std::fread(buffer_.data(), 1, buffer_.size(), kept_.get());
  if (count > 0) return std::string_view(buffer_.data(), count);
  if (std::ferror(kept_.get()) != 0) return cannotKeep(name_);
  if (failure_) return passOn(*failure_);
  return std::string_view();
}

Result<void> TwiceReadLog::rewind() {
  again_ = true;
  if (kept_) {
    if (std::fseek(kept_.get(), 0, SEEK_SET) != 0) return cannotKeep(name_);
    return {};
  }
  auto log = logfile::LogFile::open(name_);
  if (!log) return passOn(std::move(log).error());
  log_ = std::move(*log);
  return {};
}

}  // namespace relapse::cli
