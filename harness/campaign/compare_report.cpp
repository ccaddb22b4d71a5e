// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/compare_report.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/terminal.hpp"

namespace relapse::campaign {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kWidth = 98;
constexpr std::size_t kMostAlike = 20;  // cells without a difference that are shown
constexpr std::size_t kMostNames = 10;  // of a list of keys or signatures

std::string fitted(const std::string& raw, std::size_t width) {
  std::string text = report::plain(raw);
  if (text.size() <= width) return text;
  std::size_t end = width - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // no half of a UTF-8 character
  return text.substr(0, end) + "...";
}

// "35-93 %"; below 1 % with a digit more, for that is where a rare bug lives.
std::string percent(double rate) {
  return rate > 0 && rate < 0.01 ? fmt::format("{:.1f}", rate * 100) : fmt::format("{:.0f}", rate * 100);
}

std::string shown(const CellRuns& runs) {
  if (runs.count.tries == 0) return "no run";
  return fmt::format("{}/{} ({}-{} %)", runs.count.hits, runs.count.tries, percent(runs.interval.low),
                     percent(runs.interval.high));
}

std::string shownP(double p) {
  const bool near = std::abs(p - kSignificant) < 0.005;  // else it would be rounded to the limit itself
  return p < 0.001 ? "p < 0.001" : fmt::format("p = {:.{}f}", p, p < 0.01 || near ? 3 : 2);
}

// "p = 0.02, more often"; with what is left of it after the correction where that changes it.
std::string judged(const std::optional<Tested>& test, const std::string& difference) {
  if (!test) return "too little to tell";
  std::string out = shownP(test->p);
  if (test->corrected > test->p) out += fmt::format(" ({:.2g} corrected)", test->corrected);
  return out + (test->significant ? ", " + difference : ", may be chance");
}

std::string medianOf(const CellRuns& runs) {
  if (runs.toEvent.empty()) return "never";
  return "median " + report::duration(runs.toEvent[runs.toEvent.size() / 2]);
}

std::string rateLine(const CellComparison& cell) {
  const bool more = cell.one.count.rate() > cell.other.count.rate();
  return fmt::format("  rate       {} against {}: {}\n", shown(cell.one), shown(cell.other),
                     judged(cell.rate, more ? "more often" : "less often"));
}

std::string timeLine(const CellComparison& cell) {
  if (!cell.time) return {};
  return fmt::format("  time       {} against {}: {}\n", medianOf(cell.one), medianOf(cell.other),
                     judged(cell.time, cell.sooner ? "sooner" : "later"));
}

std::string signatureLines(const CellComparison& cell) {
  std::string out;
  for (const auto& signature : cell.signatures) {
    if (!signature.test && signature.one > 0 && signature.other > 0) continue;
    std::string said = fmt::format("{} against {} runs", signature.one, signature.other);
    if (signature.test)
      said +=
          ": " + judged(signature.test, signature.one * cell.other.count.tries > signature.other * cell.one.count.tries
                                            ? "more often"
                                            : "less often");
    out += fmt::format("  signature  {}\n             {}\n", fitted(signature.signature, kWidth - 13), said);
  }
  return out;
}

bool differs(const CellComparison& cell) {
  return (cell.rate && cell.rate->significant) || (cell.time && cell.time->significant) ||
         std::ranges::any_of(cell.signatures, [](const auto& one) { return one.test && one.test->significant; });
}

std::string inconclusiveLine(const CellComparison& cell) {
  if (cell.one.inconclusive == 0 && cell.other.inconclusive == 0) return {};
  return fmt::format("  besides    {} against {} inconclusive runs, which are not counted\n", cell.one.inconclusive,
                     cell.other.inconclusive);
}

std::string cellText(const CellComparison& cell) {
  return fitted(cell.key, kWidth) + "\n" + rateLine(cell) + timeLine(cell) + signatureLines(cell) +
         inconclusiveLine(cell);
}

std::string list(const std::string& head, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::string out = head + "\n";
  for (std::size_t i = 0; i < names.size() && i < kMostNames; ++i) out += "  " + fitted(names[i], kWidth - 2) + "\n";
  if (names.size() > kMostNames) out += fmt::format("  ... {} more\n", names.size() - kMostNames);
  return out;
}

std::string conclusion(const SetComparison& comparison) {
  if (comparison.cells.empty()) return "The two have no cell in common: there is nothing to compare.\n";
  if (comparison.tests == 0) return "There are too few runs for any difference to be told from chance.\n";
  return fmt::format("{} of {} test{} show{} a difference beyond chance (5 % for all of them together, after Holm).\n",
                     comparison.differences == 0 ? "None" : std::to_string(comparison.differences), comparison.tests,
                     comparison.tests == 1 ? "" : "s", comparison.differences > 1 ? "" : "s");
}

Json testJson(const std::optional<Tested>& test) {
  if (!test) return nullptr;
  return {{"p", test->p}, {"corrected", test->corrected}, {"significant", test->significant}};
}

Json runsJson(const CellRuns& runs) {
  Json times = Json::array();
  for (const auto time : runs.toEvent) times.push_back(time.count());
  return {{"hits", runs.count.hits},    {"tries", runs.count.tries},         {"low", runs.interval.low},
          {"high", runs.interval.high}, {"inconclusive", runs.inconclusive}, {"to_event_ms", times}};
}

Json cellJson(const CellComparison& cell) {
  Json signatures = Json::array();
  for (const auto& one : cell.signatures)
    signatures.push_back(
        {{"signature", one.signature}, {"a", one.one}, {"b", one.other}, {"test", testJson(one.test)}});
  Json out{{"cell", cell.key},
           {"a", runsJson(cell.one)},
           {"b", runsJson(cell.other)},
           {"rate", testJson(cell.rate)},
           {"time", testJson(cell.time)},
           {"signatures", signatures}};
  if (cell.time) out["time"]["sooner_in"] = cell.sooner ? "a" : "b";
  return out;
}

}  // namespace

std::string text(const SetComparison& comparison, const ComparedNames& names) {
  std::string out = fmt::format("{}\nagainst {}\n\n", fitted(names.one, kWidth), fitted(names.other, kWidth - 8));
  std::size_t alike = 0;
  for (const auto& cell : comparison.cells)
    if (differs(cell)) out += cellText(cell) + "\n";
  for (const auto& cell : comparison.cells)
    if (!differs(cell) && alike++ < kMostAlike) out += cellText(cell) + "\n";
  if (alike > kMostAlike)
    out += fmt::format("{} more cells without a difference; --json has them\n\n", alike - kMostAlike);
  out += list("cells of the first alone:", comparison.onlyOne);
  out += list("cells of the second alone:", comparison.onlyOther);
  out += list("signatures of the first alone:", comparison.signaturesOnlyOne);
  out += list("signatures of the second alone:", comparison.signaturesOnlyOther);
  return out + conclusion(comparison);
}

Json json(const SetComparison& comparison, const ComparedNames& names) {
  Json cells = Json::array();
  for (const auto& cell : comparison.cells) cells.push_back(cellJson(cell));
  return {{"a", names.one},
          {"b", names.other},
          {"tests", comparison.tests},
          {"differences", comparison.differences},
          {"cells", cells},
          {"cells_only_a", comparison.onlyOne},
          {"cells_only_b", comparison.onlyOther},
          {"signatures_only_a", comparison.signaturesOnlyOne},
          {"signatures_only_b", comparison.signaturesOnlyOther}};
}

}  // namespace relapse::campaign
