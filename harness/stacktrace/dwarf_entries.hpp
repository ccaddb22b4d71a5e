// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <string>
#include <vector>

#include "stacktrace/values.hpp"

namespace relapse::stacktrace {

// What is read of DWARF's entries. What is absent or damaged is empty or 0.

inline constexpr int kDeepestBlock = 128;               // of nested ones
inline constexpr std::size_t kMostChildren = 1u << 22;  // of one entry

// The addresses [first, past).
struct Range {
  std::uint64_t first = 0;
  std::uint64_t past = 0;
};

std::vector<Range> rangesOf(Dwarf_Die* die);

// The name of an entry, or of what it is an instance of.
std::string nameOf(Dwarf_Die* die);

std::string textOf(Dwarf_Die* die, unsigned attribute);

// A file as the compiler was told, seen from the folder that it ran in.
std::string joined(const std::string& folder, const std::string& file);

// Where the call of an inlined function stands. `unit`: the one that both belong to.
SourcePlace callPlace(Dwarf_Die* inlined, Dwarf_Die* unit);

// Calls back with each child, in order; stops when it answers true. A sibling that does not lie behind is damage.
template <class Each>
void forEachChild(Dwarf_Die* parent, Each&& each) {
  Dwarf_Die child;
  if (dwarf_child(parent, &child) != 0) return;
  for (std::size_t i = 0; i < kMostChildren; ++i) {
    if (each(child)) return;
    const Dwarf_Off before = dwarf_dieoffset(&child);
    Dwarf_Die next;
    if (dwarf_siblingof(&child, &next) != 0 || dwarf_dieoffset(&next) <= before) return;
    child = next;
  }
}

}  // namespace relapse::stacktrace
