// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/replay_text.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/terminal.hpp"

namespace relapse::cli {
namespace {

using Json = nlohmann::ordered_json;
using Time = std::optional<std::chrono::milliseconds>;

constexpr const char* kNothing = "-";

// A row of the table of times: how long a stage took, or when an event first came.
struct Row {
  std::string what;
  Time first;
  Time now;
};

Row& rowOf(std::vector<Row>& rows, const std::string& what) {
  const auto found = std::ranges::find(rows, what, &Row::what);
  return found != rows.end() ? *found : rows.emplace_back(Row{what, {}, {}});
}

void addStages(std::vector<Row>& rows, const run::Outcome& outcome, Time Row::*column) {
  for (const auto& stage : outcome.stages) rowOf(rows, stage.stage).*column = stage.took;
}

void addEvents(std::vector<Row>& rows, const run::Outcome& outcome, Time Row::*column) {
  for (const auto& event : outcome.events) {
    if (event.kind == "boot-milestone") continue;
    auto& time = rowOf(rows, fmt::format("first {} ({})", event.kind, event.node)).*column;
    if (!time) time = event.at;
  }
}

std::vector<Row> rowsOf(const ReplayedRun& replayed) {
  std::vector<Row> rows;
  addStages(rows, replayed.first, &Row::first);
  addStages(rows, replayed.now, &Row::now);
  addEvents(rows, replayed.first, &Row::first);
  addEvents(rows, replayed.now, &Row::now);
  return rows;
}

std::string shown(const Time& time) {
  return time ? report::duration(*time) : kNothing;
}

std::string shown(const std::string& text) {
  return text.empty() ? "none" : report::plain(text);
}

Json milliseconds(const Time& time) {
  return time ? Json(time->count()) : Json(nullptr);
}

}  // namespace

std::string replayText(const ReplayedRun& replayed) {
  const auto& comparison = replayed.comparison;
  std::string out = fmt::format("  replay    of {}: {}\n", report::plain(replayed.first.id),
                                comparison.same ? "the same verdict and signature" : "NOT the same");
  for (const auto& difference : comparison.differences)
    out += fmt::format("  differs   {:<9} first: {}\n                      now:   {}\n", difference.what,
                       shown(difference.first), shown(difference.second));
  out += fmt::format("  times     {:<36} {:>12} {:>12}\n", "", "first", "now");
  for (const auto& row : rowsOf(replayed))
    out += fmt::format("            {:<36} {:>12} {:>12}\n", report::plain(row.what), shown(row.first), shown(row.now));
  return out;
}

std::string replayJson(const std::string& result, const ReplayedRun& replayed) {
  Json differences = Json::array();
  for (const auto& difference : replayed.comparison.differences)
    differences.push_back({{"what", difference.what}, {"first", difference.first}, {"now", difference.second}});
  Json times = Json::array();
  for (const auto& row : rowsOf(replayed))
    times.push_back({{"what", row.what}, {"first_ms", milliseconds(row.first)}, {"now_ms", milliseconds(row.now)}});
  Json all = Json::parse(result);
  all["replay"] = {
      {"of", replayed.first.id}, {"same", replayed.comparison.same}, {"differences", differences}, {"times", times}};
  return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace relapse::cli
