// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "stacktrace/object_file.hpp"

namespace relapse::stacktrace {

// A name for code. `size` reaches to the next symbol, as the kernel counts: with what pads it.
struct Symbol {
  std::string_view name;  // the file's
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  std::uint64_t ownSize = 0;  // as the file says, without the padding; 0: it says none
  std::size_t section = 0;
  bool lastOfSection = false;  // then the kernel may count on into the next one
};

// Could the kernel have printed this size for it?
bool mayHaveSize(const Symbol& symbol, std::uint64_t printed);

// The code symbols of one file. Refers to the file's strings.
class SymbolTable {
 public:
  explicit SymbolTable(ObjectFile& file);

  bool empty() const { return symbols_.empty(); }
  const std::vector<Symbol>& all() const { return symbols_; }

  // Of that name; static functions may have it in common.
  std::vector<const Symbol*> named(std::string_view name) const;

  // The one that an address lies in, by the kernel's choice where several begin at one place; nullptr: none.
  const Symbol* at(std::uint64_t address) const;

 private:
  void measure(const ObjectFile& file, const std::vector<std::uint64_t>& bounds);

  std::vector<Symbol> symbols_;      // by address, and the preferred one of several first
  std::vector<std::size_t> byName_;  // indices of symbols_
};

}  // namespace relapse::stacktrace
