// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <elfutils/libdw.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "stacktrace/values.hpp"

namespace relapse::stacktrace {

// Where one file's DWARF says that the compiler has put the code of these functions into others, by the function's
// name: all calls, each once, in the order of the compile units. Functions that are inlined nowhere are not in it.
// Reads the units that define one of them, wholly. Not found: calls of a function that another unit defines (LTO).
// Files are as the compiler wrote them, made absolute by its folder unless that is relative as well.
std::map<std::string, std::vector<InlinedCall>, std::less<>> inlinedCalls(Dwarf* dwarf,
                                                                          const std::set<std::string, std::less<>>& of);

}  // namespace relapse::stacktrace
