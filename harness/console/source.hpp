// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "console/printk.hpp"

namespace relapse::console {

// Tells the kernel's lines of one console from user space's. As long as no line had a mark of the
// kernel's (a stamp, a log daemon's "kernel:", ...) all lines are taken for its; afterwards those with
// one, of whatever form. A boot that begins without marks begins anew.
class KernelSource {
 public:
  // The line without its prefixes; nothing for a line of user space.
  std::optional<PrintkLine> read(std::string_view line);

  // As read(), for a line that begins with a stamp.
  void stamped(const Stamp& stamp) {
    marked_ = true;
    lastStamp_ = stamp.micros;
  }
  bool marked() const { return marked_; }

 private:
  std::optional<PrintkLine> readBehindOther(std::string_view line);

  bool marked_ = false;
  std::uint64_t lastStamp_ = 0;  // microseconds
  double lastRefused_ = 0;
  int refused_ = 0;
};

// arch/arm64/kernel/setup.c
inline bool beginsBoot(std::string_view text) {
  return text.starts_with("Booting Linux on physical CPU");
}

}  // namespace relapse::console
