// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "console/values.hpp"

namespace relapse::stacktrace {

// A line of the source. `file` is relative to the kernel tree: "fs/nfs/write.c".
struct SourcePlace {
  std::string file = {};
  unsigned line = 0;  // 0: not known
};

// One function at a frame, and the line it is at; for an outer one the line of the call.
struct Call {
  std::string function;
  SourcePlace place = {};
  std::string module = {};  // empty: built in
};

// A call in whose place the compiler has put the called function's own code.
struct InlinedCall {
  SourcePlace place = {};
  std::string into = {};  // the function with a symbol of its own that the code has become a part of
};

// A frame as it was printed or unwound, and what it means. Where the compiler inlined, several calls.
struct Frame {
  console::RawFrame raw = {};
  std::vector<Call> calls = {};  // innermost first; all but the last were inlined into the next. Empty: not decoded
  std::string undecoded = {};    // why there are no calls
};
using StackTrace = std::vector<Frame>;

// Where a running kernel has put a module's .text section.
struct ModulePlace {
  std::string name;
  std::uint64_t text = 0;
};

// Where a running kernel has put what its files hold.
struct Layout {
  std::uint64_t slide = 0;  // of KASLR: a running address minus that in vmlinux
  std::vector<ModulePlace> modules = {};
};

}  // namespace relapse::stacktrace
