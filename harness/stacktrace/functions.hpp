// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "stacktrace/decoder.hpp"
#include "stacktrace/values.hpp"

namespace relapse::stacktrace {

// A function of the source, and what the compiler has left of it in a kernel's files.
struct CompiledFunction {
  int copies = 0;                         // with a symbol of its name; several static ones may have it in common
  std::vector<std::string> clones = {};   // changed copies that have another: "foo.isra.0", "foo.part.0"
  std::vector<InlinedCall> inlined = {};  // by file and line
};

struct CompiledFunctions {
  std::map<std::string, CompiledFunction, std::less<>> found = {};  // without those that there is nothing of
  std::set<std::string, std::less<>> symbols = {};    // all, of data as well, and without the compiler's endings
  std::set<std::string, std::less<>> functions = {};  // those of code, as they are
  bool knowsInlined = false;                          // vmlinux has debug information
};

// Looks these names up in vmlinux and its modules; of more than 64 modules in those whose files hold such a name.
// BadInput: no such vmlinux, not an aarch64 ELF file, no symbols. A module that cannot be read is passed over.
Result<CompiledFunctions> findFunctions(const KernelFiles& files, const std::set<std::string, std::less<>>& names);

}  // namespace relapse::stacktrace
