// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/night_page.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "report/heat_map.hpp"
#include "report/markup.hpp"
#include "report/page.hpp"
#include "report/plot.hpp"
#include "report/rate_parts.hpp"
#include "report/run_files.hpp"
#include "report/terminal.hpp"

namespace relapse::report {
namespace {

std::string flagBadge(std::string_view flag) {
  const auto look = lookOf(flag);
  return fmt::format("<span class=\"badge {}\"><span aria-hidden=\"true\">{} </span>{}</span>", toneClass(look.tone),
                     look.sign, escaped(flag));
}

// Places of cells: those that want a person first, else in their order.
std::vector<std::size_t> flaggedFirst(const NightReport& night) {
  std::vector<std::size_t> places(night.cells.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  std::ranges::stable_sort(places, std::greater(), [&](std::size_t i) {
    return std::pair(wantsAPerson(night.cells[i].flag), night.cells[i].rate.hits > 0);
  });
  return places;
}

std::string counts(const NightReport& night) {
  std::string out;
  for (const auto flag : kFlags) {
    const auto many = std::ranges::count(night.cells, flag, &NightCellReport::flag);
    if (many > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", many, flag);
  }
  return out;
}

std::string header(const NightReport& night) {
  const auto flagged = std::ranges::count_if(night.cells, [](const auto& cell) { return wantsAPerson(cell.flag); });
  const Tone tone = !night.expected ? Tone::Bad : flagged > 0 ? Tone::Warn : Tone::Good;
  const std::string said =
      flagged == 0 ? "nothing new" : fmt::format("{} cell{} to look at", flagged, flagged == 1 ? "" : "s");
  std::size_t runs = 0;
  for (const auto& cell : night.cells) runs += cell.runs.size();
  return fmt::format("<p class=\"kicker\">Relapse night {}</p>\n<h1>{} {}</h1>\n", escaped(night.id),
                     badge(tone, night.expected ? "as expected" : "not as expected"), said) +
         facts({{"matrix", escaped(night.matrix)},
                {"cells", escaped(fmt::format("{}: {}", night.cells.size(), counts(night)))},
                {"runs", std::to_string(runs)},
                {"engine", escaped(night.engine)},
                {"started", escaped(night.startedAt)},
                {"finished", escaped(night.finishedAt)},
                {"false flags",
                 fmt::format("{:.1f} % of nights without a change, as designed", 100 * night.falseFlags)}});
}

std::string cellName(const NightCellReport& cell) {
  std::string name = cell.scenario + " on " + cell.kernel;
  if (!cell.variant.empty()) name += ", " + cell.variant;
  return name;
}

Section flagsSection(const NightReport& night) {
  std::vector<std::vector<std::string>> rows;
  for (const auto place : flaggedFirst(night)) {
    const auto& cell = night.cells[place];
    if (!wantsAPerson(cell.flag)) continue;
    rows.push_back({flagBadge(cell.flag), fmt::format("<a href=\"#{}\">{}</a>", cellId(place), escaped(cellName(cell))),
                    escaped(cell.words)});
  }
  if (rows.empty()) return {"flags", "To look at", "<p>No cell changed against the nights before.</p>\n"};
  return {"flags", "To look at", wide("Cells to look at", table({"flag", "cell", "why"}, rows))};
}

Section signaturesSection(const NightReport& night) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : night.signatures) {
    std::string cells;
    for (const auto& cell : one.cells) cells += (cells.empty() ? "" : "<br>") + escaped(cell);
    std::string name = escaped(one.signature);
    if (!one.title.empty() && one.title != one.signature)
      name += fmt::format("<br><span class=\"muted\">{}</span>", escaped(one.title));
    rows.push_back({name, std::to_string(one.runs), escaped(one.firstSeen), escaped(one.lastSeen), cells,
                    one.evidence.empty() ? "" : runLink(one.evidence, "page")});
  }
  return {"signatures", "Signatures",
          wide("Signatures", table({"signature", "#runs", "first seen", "last seen", "cells", "evidence"}, rows))};
}

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:.1f}", std::chrono::duration<double>(time).count());
}

std::string runsTable(const NightCellReport& cell) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& run : cell.runs)
    rows.push_back({runLink(run.directory, run.id), escaped(run.verdict),
                    escaped(run.signature.empty() ? run.reason : run.signature),
                    run.toEvent ? seconds(*run.toEvent) : "", seconds(run.took), escaped(run.where)});
  return wide("Runs of the cell",
              table({"run", "verdict", "signature or reason", "#to event, s", "#took, s", "where"}, rows));
}

std::string cellPlots(const NightCellReport& cell, const NightPlots& plots) {
  const auto found = plots.find(cell.key);
  if (found == plots.end()) return {};
  std::string out;
  if (!cell.rate.toEvent.empty())
    out += figure(found->second.curve, "Time to the event (Kaplan-Meier); a tick is a run that ended without it");
  if (!cell.past.empty()) out += figure(found->second.rates, "Rate with its 95 % interval over the last nights");
  return out.empty() ? out : "<div class=\"plots\">" + out + "</div>\n";
}

std::string cellMarkup(const NightReport& night, std::size_t place, const NightPlots& plots) {
  const auto& cell = night.cells[place];
  std::string out = fmt::format(
      "<article class=\"cell\" id=\"{0}\" aria-labelledby=\"{0}-h\">\n<h3 id=\"{0}-h\">{1} {2}"
      "</h3>\n<p>{3}</p>\n",
      cellId(place), flagBadge(cell.flag), escaped(cellName(cell)), escaped(cell.words));
  out += facts({{"expected", escaped(cell.expected)},
                {"release", escaped(cell.release)},
                {"rate", cell.rate.runs > 0 ? escaped(rateWords(cell.rate)) : ""}});
  out += rateBar(cell.rate) + cellPlots(cell, plots);
  out += details(fmt::format("{} run{}", cell.runs.size(), cell.runs.size() == 1 ? "" : "s"), runsTable(cell),
                 wantsAPerson(cell.flag));
  return out + "</article>\n";
}

Section cellsSection(const NightReport& night, const NightPlots& plots) {
  std::string out;
  for (const auto place : flaggedFirst(night)) out += cellMarkup(night, place, plots);
  return {"cells", "Cells", out};
}

// This night at the end of the nights before it.
std::vector<PastCell> withThisNight(const NightReport& night, const NightCellReport& cell) {
  auto all = cell.past;
  all.push_back({night.id, cell.rate.hits, cell.rate.runs, cell.flag});
  return all;
}

}  // namespace

bool wantsAPerson(std::string_view flag) {
  return std::find(std::begin(kFlags), std::begin(kFlags) + 4, flag) != std::begin(kFlags) + 4;
}

NightPlots nightPlots(const NightReport& night) {
  NightPlots plots;
  const Result<std::string> none = fail(FailureKind::BadInput, "no run with the event");
  for (const auto place : flaggedFirst(night)) {
    const auto& cell = night.cells[place];
    if (plots.size() == kMostPlots) break;
    if (!wantsAPerson(cell.flag) && cell.rate.hits == 0) continue;
    plots.emplace(cell.key, CellPlots{cell.rate.toEvent.empty() ? none : timeToEventPlot(cell.rate),
                                      cell.past.empty() ? none : ratePlot(withThisNight(night, cell))});
  }
  return plots;
}

std::string nightPage(const NightReport& night, const NightPlots& plots) {
  PageParts parts;
  parts.title = fmt::format("Relapse night {}", night.id);
  parts.header = header(night);
  parts.sections = {flagsSection(night),
                    {"map", "The last nights", heatMap(night)},
                    signaturesSection(night),
                    {"notes", "Notes", list(night.notes)},
                    cellsSection(night, plots)};
  parts.footer = fmt::format("<p>relapse {}, <a href=\"./night.json\">night.json</a></p>\n", escaped(night.relapse));
  return page(parts);
}

}  // namespace relapse::report
