// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/dwarf_entries.hpp"

#include <dwarf.h>

namespace relapse::stacktrace {
namespace {

constexpr std::size_t kMostRanges = 1u << 16;  // of one function

unsigned numberOf(Dwarf_Die* die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) != 0) return 0;
  return static_cast<unsigned>(value);
}

}  // namespace

std::vector<Range> rangesOf(Dwarf_Die* die) {
  std::vector<Range> ranges;
  Dwarf_Addr base = 0, first = 0, past = 0;
  ptrdiff_t at = 0;
  while (ranges.size() < kMostRanges && (at = dwarf_ranges(die, at, &base, &first, &past)) > 0)
    if (first < past) ranges.push_back({first, past});
  return ranges;
}

std::string nameOf(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  const char* name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute));
  return name == nullptr ? std::string() : name;
}

std::string textOf(Dwarf_Die* die, unsigned name) {
  Dwarf_Attribute attribute;
  const char* text = dwarf_formstring(dwarf_attr(die, name, &attribute));
  return text == nullptr ? std::string() : text;
}

std::string joined(const std::string& folder, const std::string& file) {
  return file.empty() || file.starts_with('/') || !folder.starts_with('/') ? file : folder + '/' + file;
}

SourcePlace callPlace(Dwarf_Die* inlined, Dwarf_Die* unit) {
  SourcePlace place;
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  Dwarf_Attribute attribute;
  Dwarf_Word index = 0;
  if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &index) == 0 &&
      dwarf_getsrcfiles(unit, &files, &count) == 0 && index < count)
    if (const char* file = dwarf_filesrc(files, index, nullptr, nullptr)) place.file = file;
  place.line = numberOf(inlined, DW_AT_call_line);
  return place;
}

}  // namespace relapse::stacktrace
