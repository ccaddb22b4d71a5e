// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "console/values.hpp"

namespace relapse::stacktrace {

// A place in the kernel's code that a line of a log names.
struct Mention {
  console::RawFrame frame = {};  // "symbol+0xoff/0xsize [module]"; for an address alone, that as the symbol
  std::optional<std::uint64_t> address = {};  // as printed: "[<ffff800008123456>]", "pc : 0xffff800008123456"
  bool named = true;                          // by symbol; false: by address alone
  bool clean = false;  // the line is a frame, pc or lr and nothing else: other lines can be two that were mixed
};

// All of them in a line (without printk's prefix), in their order. Wherever they stand: traces, pc and lr, "WARNING:
// ... at file:line symbol+0xoff/0xsize", lockdep's lists, initcalls.
std::vector<Mention> mentionsIn(std::string_view line);

// Whether a line could have one. Errs on yes.
inline bool mayMention(std::string_view line) {
  return line.find("0x") != std::string_view::npos || line.find("[<") != std::string_view::npos;
}

}  // namespace relapse::stacktrace
