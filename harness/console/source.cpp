// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/source.hpp"

namespace relapse::console {

namespace {

constexpr int kMostRefused = 16;

}  // namespace

std::optional<PrintkLine> KernelSource::read(std::string_view line) {
  PrintkLine read = readPrintk(line);
  if (read.mark == Mark::Other) return std::nullopt;
  if (read.mark == Mark::None) {
    if (const auto behind = readBehindOther(line)) read = *behind;
  }
  if (read.mark == Mark::Kernel) marked_ = true;
  if (read.time) lastStamp_ = microsOf(*read.time);
  if (read.mark == Mark::None && beginsBoot(read.text)) marked_ = false;
  if (read.mark == Mark::None && marked_) return std::nullopt;
  return read;
}

// A stamp inside a line is the kernel's when it is not older than the last one: what user space quotes
// is. Where each line has something before its stamp, a boot that follows another one has older stamps
// as well: taken when it begins with zero, or when there are many that do not go back.
std::optional<PrintkLine> KernelSource::readBehindOther(std::string_view line) {
  auto read = readEmbeddedPrintk(line, secondsOf(lastStamp_));
  if (read) {
    refused_ = 0;
    return read;
  }
  read = readEmbeddedPrintk(line, 0);
  if (!read) return std::nullopt;
  refused_ = *read->time >= lastRefused_ ? refused_ + 1 : 1;
  lastRefused_ = *read->time;
  if (*read->time > 0 && refused_ < kMostRefused) return std::nullopt;
  refused_ = 0;
  return read;
}

}  // namespace relapse::console
