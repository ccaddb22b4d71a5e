// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/symbols.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace relapse::stacktrace {
namespace {

// What a section's last symbol may be counted on by: the next section's alignment.
constexpr std::uint64_t kMostGap = 64u << 10;

// "$x", "$d.12": they tell code from data. ".L12": a label of the compiler's. Kallsyms has neither.
bool isMarker(std::string_view name) {
  return name.empty() || name.starts_with('$') || name.starts_with(".L");
}

struct Candidate {
  Symbol symbol;
  bool weak = false;
  std::size_t underscores = 0;
};

std::size_t leadingUnderscores(std::string_view name) {
  return std::min(name.find_first_not_of('_'), name.size());
}

// scripts/kallsyms.c: compare_symbols(): which of several names at one address the kernel prints
bool comesBefore(const Candidate& left, const Candidate& right) {
  return std::tuple(left.symbol.address, left.weak, left.underscores) <
         std::tuple(right.symbol.address, right.weak, right.underscores);
}

}  // namespace

bool mayHaveSize(const Symbol& symbol, std::uint64_t printed) {
  if (printed == symbol.size) return true;
  return symbol.lastOfSection && printed >= std::max<std::uint64_t>(symbol.ownSize, 1) &&
         printed - symbol.ownSize < kMostGap;
}

SymbolTable::SymbolTable(ObjectFile& file) {
  std::vector<bool> executable;
  for (const auto& section : file.sections()) {
    if (section.index >= executable.size()) executable.resize(section.index + 1);
    executable[section.index] = section.executable;
  }
  std::vector<Candidate> found;
  std::vector<std::uint64_t> bounds;  // of all symbols in code
  file.forEachSymbol([&](const char* text, std::uint64_t address, const GElf_Sym& symbol, std::size_t section) {
    const std::string_view name(text);
    const auto type = GELF_ST_TYPE(symbol.st_info);
    if (section >= executable.size() || !executable[section] || isMarker(name) || type == STT_SECTION) return;
    bounds.push_back(address);
    if (type != STT_FUNC && type != STT_NOTYPE) return;
    found.push_back({{name, address, 0, symbol.st_size, section, false},
                     GELF_ST_BIND(symbol.st_info) == STB_WEAK,
                     leadingUnderscores(name)});
  });
  std::stable_sort(found.begin(), found.end(), comesBefore);
  std::sort(bounds.begin(), bounds.end());
  for (auto& candidate : found) symbols_.push_back(candidate.symbol);
  measure(file, bounds);
  byName_.resize(symbols_.size());
  std::iota(byName_.begin(), byName_.end(), std::size_t{0});
  std::stable_sort(byName_.begin(), byName_.end(),
                   [&](std::size_t left, std::size_t right) { return symbols_[left].name < symbols_[right].name; });
}

void SymbolTable::measure(const ObjectFile& file, const std::vector<std::uint64_t>& bounds) {
  std::vector<std::uint64_t> ends;  // of sections, by index
  for (const auto& section : file.sections()) {
    if (section.index >= ends.size()) ends.resize(section.index + 1);
    ends[section.index] = section.address + section.size;
  }
  for (auto& symbol : symbols_) {
    const std::uint64_t end = ends[symbol.section];
    const auto next = std::upper_bound(bounds.begin(), bounds.end(), symbol.address);
    symbol.lastOfSection = next == bounds.end() || *next >= end;
    const std::uint64_t past = symbol.lastOfSection ? std::max(end, symbol.address) : *next;
    symbol.size = past - symbol.address;
  }
}

std::vector<const Symbol*> SymbolTable::named(std::string_view name) const {
  std::vector<const Symbol*> found;
  auto at = std::lower_bound(byName_.begin(), byName_.end(), name,
                             [&](std::size_t index, std::string_view wanted) { return symbols_[index].name < wanted; });
  for (; at != byName_.end() && symbols_[*at].name == name; ++at) found.push_back(&symbols_[*at]);
  return found;
}

const Symbol* SymbolTable::at(std::uint64_t address) const {
  auto past = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                               [](std::uint64_t wanted, const Symbol& symbol) { return wanted < symbol.address; });
  if (past == symbols_.begin()) return nullptr;
  const std::uint64_t begin = std::prev(past)->address;
  const auto first = std::lower_bound(symbols_.begin(), past, begin, [](const Symbol& symbol, std::uint64_t wanted) {
    return symbol.address < wanted;
  });
  return address - begin < first->size ? &*first : nullptr;
}

}  // namespace relapse::stacktrace
