// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/bounded_log.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace relapse::run {

namespace fs = std::filesystem;

namespace {

// The first `size` bytes of it, and no more, whatever it has become.
void appendFile(const fs::path& file, std::uint64_t size, std::ofstream& out) {
  std::ifstream in(file, std::ios::binary);
  std::array<char, 64u << 10> buffer;
  while (size > 0 && out) {
    in.read(buffer.data(), static_cast<std::streamsize>(std::min<std::uint64_t>(size, buffer.size())));
    if (in.gcount() == 0) break;
    out.write(buffer.data(), in.gcount());
    size -= static_cast<std::uint64_t>(in.gcount());
  }
}

}  // namespace

BoundedLog::BoundedLog(fs::path file, const LogLimits& limits)
    : file_(std::move(file)), limits_(limits), out_(file_, std::ios::binary | std::ios::app) {
  std::error_code none;
  const auto size = fs::file_size(file_, none);
  inHead_ = none ? 0 : std::min<std::uint64_t>(size, limits_.head);
}

void BoundedLog::append(std::string_view bytes) {
  const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(limits_.head - inHead_, bytes.size()));
  if (room > 0) out_ << bytes.substr(0, room) << std::flush;
  inHead_ += room;
  bytes.remove_prefix(room);
  if (!bytes.empty()) appendToTail(bytes);
  failed_ = failed_ || !out_;
}

// Two files in turn: the older one goes when the newer one is full.
void BoundedLog::appendToTail(std::string_view bytes) {
  const bool first = inTail_ == 0 && inTailBefore_ == 0;
  if (first || inTail_ >= limits_.tail) {
    failed_ = failed_ || !out_;
    out_.close();
    if (!first) {
      std::error_code error;
      fs::rename(tail(), tailBefore(), error);
      failed_ = failed_ || error;
      leftOut_ += std::exchange(inTailBefore_, std::exchange(inTail_, 0));
    }
    out_ = std::ofstream(tail(), std::ios::binary | std::ios::trunc);
  }
  out_ << bytes << std::flush;
  inTail_ += bytes.size();
}

Result<void> BoundedLog::finish() {
  failed_ = failed_ || !out_;
  out_.close();
  if (inTail_ > 0) {
    std::ofstream whole(file_, std::ios::binary | std::ios::app);
    if (leftOut_ > 0) whole << fmt::format("\n[relapse: {} bytes were left out here]\n", leftOut_);
    for (const auto& [part, size] : {std::pair(tailBefore(), inTailBefore_), std::pair(tail(), inTail_)})
      appendFile(part, size, whole);
    whole.close();
    failed_ = failed_ || !whole;
    std::error_code ignored;
    for (const auto& part : {tailBefore(), tail()})
      if (!failed_) fs::remove(part, ignored);  // else it is the only copy
  }
  if (failed_) return fail(FailureKind::Exhausted, fmt::format("{}: cannot be written", file_.string()));
  return {};
}

}  // namespace relapse::run
