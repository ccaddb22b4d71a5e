// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/inlined_calls.hpp"

#include <dwarf.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "stacktrace/dwarf_entries.hpp"

namespace relapse::stacktrace {
namespace {

using Names = std::set<std::string, std::less<>>;
using Calls = std::map<std::string, std::vector<InlinedCall>, std::less<>>;

// One compile unit.
class Search {
 public:
  Search(const Dwarf_Die& unit, const Names& names, Calls& calls) : unit_(unit), names_(names), calls_(calls) {}

  void run() {
    readFunctions();
    if (wanted_.empty()) return;
    folder_ = textOf(&unit_, DW_AT_comp_dir);
    for (auto& function : functions_) {
      into_.clear();
      readBlock(function, function, 0);
    }
  }

 private:
  void readFunctions();
  void readBlock(Dwarf_Die& parent, Dwarf_Die& function, int depth);
  void add(Dwarf_Die& inlined, Dwarf_Die& function);

  Dwarf_Die unit_;
  const Names& names_;
  Calls& calls_;
  std::unordered_map<Dwarf_Off, std::string> wanted_ = {};  // entries that inlined ones refer to
  std::vector<Dwarf_Die> functions_ = {};                   // those with code
  std::string folder_ = {};
  std::string into_ = {};  // the function's name, once asked for
};

void Search::readFunctions() {
  forEachChild(&unit_, [&](Dwarf_Die& child) {
    if (dwarf_tag(&child) != DW_TAG_subprogram) return false;
    if (dwarf_hasattr(&child, DW_AT_low_pc) != 0 || dwarf_hasattr(&child, DW_AT_ranges) != 0) {
      functions_.push_back(child);
    } else if (dwarf_hasattr(&child, DW_AT_inline) != 0) {
      const char* name = dwarf_diename(&child);
      if (name != nullptr && names_.contains(std::string_view(name))) wanted_.emplace(dwarf_dieoffset(&child), name);
    }
    return false;
  });
}

void Search::readBlock(Dwarf_Die& parent, Dwarf_Die& function, int depth) {
  if (depth > kDeepestBlock) return;
  forEachChild(&parent, [&](Dwarf_Die& child) {
    const int tag = dwarf_tag(&child);
    if (tag == DW_TAG_inlined_subroutine) add(child, function);
    if (tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block) readBlock(child, function, depth + 1);
    return false;
  });
}

void Search::add(Dwarf_Die& inlined, Dwarf_Die& function) {
  Dwarf_Attribute attribute;
  Dwarf_Die origin;
  if (dwarf_formref_die(dwarf_attr(&inlined, DW_AT_abstract_origin, &attribute), &origin) == nullptr) return;
  const auto found = wanted_.find(dwarf_dieoffset(&origin));
  if (found == wanted_.end()) return;
  if (into_.empty()) into_ = nameOf(&function);
  InlinedCall call{callPlace(&inlined, &unit_), into_};
  call.place.file = joined(folder_, call.place.file);
  auto& known = calls_[found->second];
  // The compiler may have copied the code of one call.
  const auto same = [&](const InlinedCall& other) {
    return other.place.line == call.place.line && other.into == call.into && other.place.file == call.place.file;
  };
  if (std::none_of(known.begin(), known.end(), same)) known.push_back(std::move(call));
}

}  // namespace

Calls inlinedCalls(Dwarf* dwarf, const Names& of) {
  Calls calls;
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  std::uint8_t type = 0;
  while (dwarf != nullptr && dwarf_get_units(dwarf, unit, &unit, nullptr, &type, &die, nullptr) == 0)
    if (dwarf_tag(&die) == DW_TAG_compile_unit) Search(die, of, calls).run();
  return calls;
}

}  // namespace relapse::stacktrace
