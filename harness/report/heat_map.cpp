// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/heat_map.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "report/markup.hpp"

namespace relapse::report {
namespace {

constexpr std::size_t kMostNights = 30;

// Markup: of "20261128T0100Z" or "2026-11-28..." month and day, one above the other; of others their end.
std::string shortNight(std::string_view id) {
  std::string digits;
  for (const char c : id.substr(0, 10))
    if (c >= '0' && c <= '9') digits += c;
  if (digits.size() >= 8) return digits.substr(4, 2) + "<br>" + digits.substr(6, 2);
  return escaped(id.size() <= 6 ? id : id.substr(id.size() - 6));
}

// All nights that any cell knows, oldest first, this one left out.
std::vector<std::string> nightsOf(const NightReport& night) {
  std::set<std::string> seen;
  for (const auto& cell : night.cells)
    for (const auto& past : cell.past) seen.insert(past.night);
  seen.erase(night.id);
  std::vector<std::string> all(seen.begin(), seen.end());
  if (all.size() > kMostNights) all.erase(all.begin(), all.end() - kMostNights);
  return all;
}

std::string field(std::string_view flag, int hits, int runs, const std::string& link, const std::string& told,
                  bool strong) {
  const auto look = lookOf(flag);
  const std::string inner = fmt::format("<b aria-hidden=\"true\">{}</b>{}", look.sign,
                                        runs > 0 ? fmt::format("{}/{}", hits, runs) : "\u00a0");
  const std::string same =
      fmt::format("class=\"k {}{}\" title=\"{}\"", toneClass(look.tone), strong ? " strong" : "", escaped(told));
  if (link.empty())
    return fmt::format("<td><span {} role=\"img\" aria-label=\"{}\">{}</span></td>", same, escaped(told), inner);
  return fmt::format("<td><a {} href=\"{}\" aria-label=\"{}\">{}</a></td>", same, link, escaped(told), inner);
}

std::string told(std::string_view night, std::string_view flag, int hits, int runs) {
  return fmt::format("{}: {}, {} of {} runs", night, flag, hits, runs);
}

std::string row(const NightReport& night, std::size_t place, const std::vector<std::string>& nights) {
  const auto& cell = night.cells[place];
  std::string out =
      fmt::format("<tr><th scope=\"row\"><a href=\"#{}\">{}</a><br>{}{}</th>", cellId(place), escaped(cell.scenario),
                  escaped(cell.kernel), cell.variant.empty() ? "" : " \u00b7 " + escaped(cell.variant));
  for (const auto& id : nights) {
    const auto past = std::ranges::find(cell.past, id, &PastCell::night);
    if (past == cell.past.end()) {
      out += "<td class=\"none\">\u00a0</td>";
      continue;
    }
    out += field(past->flag, past->hits, past->runs, past->page.empty() ? "" : linkTo(past->page),
                 told(id, past->flag, past->hits, past->runs), false);
  }
  return out +
         field(cell.flag, cell.rate.hits, cell.rate.runs, "#" + cellId(place),
               told("this night", cell.flag, cell.rate.hits, cell.rate.runs), true) +
         "</tr>\n";
}

std::string legend() {
  std::string out = "<p class=\"legend\">";
  for (const auto flag : kFlags) {
    const auto look = lookOf(flag);
    out += fmt::format("<span><span class=\"badge {}\">{}</span> {}</span>", toneClass(look.tone), look.sign, flag);
  }
  return out + "<span>2/5: hits of runs</span></p>\n";
}

}  // namespace

FlagLook lookOf(std::string_view flag) {
  constexpr FlagLook kLooks[] = {
      {Tone::Bad, "!"},       {Tone::Warn, "\u00b1"}, {Tone::Bad, "\u2260"},
      {Tone::Warn, "\u00bf"}, {Tone::Good, "\u2605"}, {Tone::Bad, "\u2717"},
      {Tone::Good, "\u2713"}, {Tone::Warn, "?"},      {Tone::Calm, "\u2013"},
  };
  static_assert(std::size(kLooks) == std::size(kFlags));
  const auto found = std::ranges::find(kFlags, flag);
  return found == std::end(kFlags) ? FlagLook{} : kLooks[found - std::begin(kFlags)];
}

std::string cellId(std::size_t place) {
  return fmt::format("cell-{}", place + 1);
}

std::string heatMap(const NightReport& night) {
  if (night.cells.empty()) return {};
  const auto nights = nightsOf(night);
  std::string head = "<tr><th scope=\"col\">scenario, kernel</th>";
  for (const auto& id : nights)
    head += fmt::format("<th scope=\"col\" title=\"{}\">{}</th>", escaped(id), shortNight(id));
  head += "<th scope=\"col\" class=\"now\">now</th></tr>";
  std::string rows;
  for (std::size_t i = 0; i < night.cells.size(); ++i) rows += row(night, i, nights);
  return wide("Cells by nights, scrolls sideways",
              fmt::format("<table class=\"map\">\n<thead>{}</thead>\n<tbody>\n{}</tbody>\n</table>\n", head, rows)) +
         legend();
}

}  // namespace relapse::report
