// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/night_text.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "report/terminal.hpp"

namespace relapse::report {
namespace {

constexpr std::string_view kQuiet = "passed";

std::size_t rankOf(const std::string& flag) {
  return static_cast<std::size_t>(std::ranges::find(kFlags, flag) - std::begin(kFlags));
}

const char* colourOf(const std::string& flag) {
  const std::size_t rank = rankOf(flag);
  if (rank < 3) return "31";
  if (flag == "fixed" || flag == kQuiet) return "32";
  return "33";
}

std::string paintedFlag(const std::string& flag, bool colour) {
  return painted(fmt::format("{:<15}", flag), colourOf(flag), colour);
}

std::string rateOf(const NightCellReport& cell) {
  if (cell.rate.runs == 0) return "-";
  return fmt::format("{} {}/{}", cell.expected == "reproduced" ? "reproduced" : "failed", cell.rate.hits,
                     cell.rate.runs);
}

void addCell(std::string& text, const NightCellReport& cell, bool colour) {
  text += fmt::format("  {} {:<16} {}\n", paintedFlag(cell.flag, colour), rateOf(cell), plain(cell.key));
  if (cell.flag != kQuiet && !cell.words.empty())
    text += fmt::format("  {:15} {:16}   {}\n", "", "", plain(cell.words));
}

}  // namespace

std::string nightSummary(const NightReport& night, bool colour) {
  std::vector<const NightCellReport*> cells;
  for (const auto& cell : night.cells) cells.push_back(&cell);
  std::ranges::stable_sort(cells, {}, [](const auto* cell) { return rankOf(cell->flag); });
  std::string text = fmt::format("\nnight {}: {}\n\n", night.id,
                                 night.expected ? "nothing new" : "look at what is new, or has no verdict");
  for (const auto* cell : cells) addCell(text, *cell, colour);
  if (!night.signatures.empty()) text += "\n";
  for (const auto& one : night.signatures)
    text += fmt::format("  {} run{} in {} cell{}, first seen {}: {}\n", one.runs, one.runs == 1 ? " " : "s",
                        one.cells.size(), one.cells.size() == 1 ? " " : "s", one.firstSeen, plain(one.title));
  for (const auto& note : night.notes) text += fmt::format("  note: {}\n", plain(note));
  return text;
}

}  // namespace relapse::report
