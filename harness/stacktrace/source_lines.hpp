// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "stacktrace/dwarf_entries.hpp"
#include "stacktrace/values.hpp"

namespace relapse::stacktrace {

// Functions and lines of one file's DWARF. A compile unit is read when first asked for. Damaged information is passed
// over: less is known then. Refers to the Dwarf. Not thread-safe.
class SourceLines {
 public:
  explicit SourceLines(Dwarf* dwarf);
  SourceLines(SourceLines&&) noexcept;
  ~SourceLines();

  bool empty() const { return units_.empty(); }

  // The calls at an address of the DWARF's, innermost first; the files as the compiler wrote them, made absolute by
  // its folder unless that is relative as well. Empty: no unit has the address.
  std::vector<Call> at(std::uint64_t address);

  // Where the compiler was run for the unit that has the address, and the unit's own file.
  std::string fileOf(std::uint64_t address);

 private:
  struct Unit;
  struct Span {
    Range range;
    std::size_t unit = 0;
  };

  Unit* unitAt(std::uint64_t address);

  Dwarf* dwarf_;
  std::vector<std::unique_ptr<Unit>> units_;
  std::vector<Span> spans_;  // of the units, by their first address
};

}  // namespace relapse::stacktrace
