// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/source_lines.hpp"

#include <dwarf.h>

#include <algorithm>
#include <utility>

namespace relapse::stacktrace {
namespace {

struct Row {
  std::uint64_t address = 0;
  const char* file = nullptr;  // the Dwarf's
  unsigned line = 0;
  bool ends = false;  // a sequence: nothing is known from here to the next row
};

bool covers(const std::vector<Range>& ranges, std::uint64_t address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& range) { return range.first <= address && address < range.past; });
}

}  // namespace

struct SourceLines::Unit {
  struct Function {
    Range range;
    Dwarf_Die die;
  };

  explicit Unit(const Dwarf_Die& entry) : die(entry) {}

  void read();
  void readFunctions(Dwarf_Die* parent, int depth);
  void readRows();
  SourcePlace placeAt(std::uint64_t address) const;
  Dwarf_Die* functionAt(std::uint64_t address);
  std::vector<Call> at(std::uint64_t address);

  Dwarf_Die die;
  std::string folder = {};  // that the compiler ran in
  bool isRead = false;
  std::vector<Function> functions;  // by their first address
  std::vector<Row> rows;            // by address
};

void SourceLines::Unit::read() {
  if (std::exchange(isRead, true)) return;
  folder = textOf(&die, DW_AT_comp_dir);
  readFunctions(&die, 0);
  std::stable_sort(functions.begin(), functions.end(),
                   [](const Function& left, const Function& right) { return left.range.first < right.range.first; });
  readRows();
}

void SourceLines::Unit::readFunctions(Dwarf_Die* parent, int depth) {
  if (depth > kDeepestBlock) return;
  forEachChild(parent, [&](Dwarf_Die& child) {
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_subprogram)
      for (const auto& range : rangesOf(&child)) functions.push_back({range, child});
    else if (tag == DW_TAG_namespace)
      readFunctions(&child, depth + 1);
    return false;
  });
}

void SourceLines::Unit::readRows() {
  Dwarf_Lines* lines = nullptr;
  std::size_t count = 0;
  if (dwarf_getsrclines(&die, &lines, &count) != 0) return;
  rows.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Dwarf_Line* line = dwarf_onesrcline(lines, i);
    Row row;
    Dwarf_Addr address = 0;
    int number = 0;
    if (line == nullptr || dwarf_lineaddr(line, &address) != 0) continue;
    row.address = address;
    if (dwarf_lineno(line, &number) == 0) row.line = static_cast<unsigned>(number);
    dwarf_lineendsequence(line, &row.ends);
    row.file = dwarf_linesrc(line, nullptr, nullptr);
    rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& left, const Row& right) { return left.address < right.address; });
}

SourcePlace SourceLines::Unit::placeAt(std::uint64_t address) const {
  const auto past = std::upper_bound(rows.begin(), rows.end(), address,
                                     [](std::uint64_t wanted, const Row& row) { return wanted < row.address; });
  if (past == rows.begin() || std::prev(past)->ends) return {};
  const Row& row = *std::prev(past);
  return {row.file == nullptr ? "" : row.file, row.line};
}

Dwarf_Die* SourceLines::Unit::functionAt(std::uint64_t address) {
  auto past =
      std::upper_bound(functions.begin(), functions.end(), address,
                       [](std::uint64_t wanted, const Function& function) { return wanted < function.range.first; });
  while (past != functions.begin()) {
    --past;
    if (address < past->range.past) return &past->die;
  }
  return nullptr;
}

namespace {

// The inlined functions at an address below an entry, outermost first.
void descend(Dwarf_Die* parent, std::uint64_t address, std::vector<Dwarf_Die>& inlined, int depth) {
  if (depth > kDeepestBlock) return;
  forEachChild(parent, [&](Dwarf_Die& child) {
    const int tag = dwarf_tag(&child);
    if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block) return false;
    if (!covers(rangesOf(&child), address)) return false;
    if (tag == DW_TAG_inlined_subroutine) inlined.push_back(child);
    descend(&child, address, inlined, depth + 1);
    return true;
  });
}

}  // namespace

std::vector<Call> SourceLines::Unit::at(std::uint64_t address) {
  read();
  std::vector<Call> calls;
  Dwarf_Die* function = functionAt(address);
  if (function == nullptr) {
    SourcePlace place = placeAt(address);
    place.file = joined(folder, place.file);
    if (place.line > 0) calls.push_back({"", std::move(place)});  // assembly
    return calls;
  }
  std::vector<Dwarf_Die> chain{*function};
  descend(function, address, chain, 0);
  SourcePlace place = placeAt(address);
  for (auto entry = chain.rbegin(); entry != chain.rend(); ++entry) {
    place.file = joined(folder, place.file);
    calls.push_back({nameOf(&*entry), place});
    place = callPlace(&*entry, &die);
  }
  return calls;
}

SourceLines::SourceLines(Dwarf* dwarf) : dwarf_(dwarf) {
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  std::uint8_t type = 0;
  while (dwarf_ != nullptr && dwarf_get_units(dwarf_, unit, &unit, nullptr, &type, &die, nullptr) == 0) {
    if (dwarf_tag(&die) != DW_TAG_compile_unit) continue;
    for (const auto& range : rangesOf(&die)) spans_.push_back({range, units_.size()});
    units_.push_back(std::make_unique<Unit>(die));
  }
  std::stable_sort(spans_.begin(), spans_.end(),
                   [](const Span& left, const Span& right) { return left.range.first < right.range.first; });
}

SourceLines::SourceLines(SourceLines&&) noexcept = default;
SourceLines::~SourceLines() = default;

SourceLines::Unit* SourceLines::unitAt(std::uint64_t address) {
  auto past = std::upper_bound(spans_.begin(), spans_.end(), address,
                               [](std::uint64_t wanted, const Span& span) { return wanted < span.range.first; });
  while (past != spans_.begin()) {
    --past;
    if (address < past->range.past) return units_[past->unit].get();
  }
  return nullptr;
}

std::vector<Call> SourceLines::at(std::uint64_t address) {
  Unit* unit = unitAt(address);
  return unit == nullptr ? std::vector<Call>() : unit->at(address);
}

std::string SourceLines::fileOf(std::uint64_t address) {
  Unit* unit = unitAt(address);
  if (unit == nullptr) return {};
  return joined(textOf(&unit->die, DW_AT_comp_dir), nameOf(&unit->die));
}

}  // namespace relapse::stacktrace
