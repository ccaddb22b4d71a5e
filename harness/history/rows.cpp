// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/rows.hpp"

#include <algorithm>

namespace relapse::history {
namespace {

Value orNull(const std::string& text) {
  return text.empty() ? Value(nullptr) : Value(text);
}

Value number(std::int64_t value) {
  return value;
}

}  // namespace

const std::string kRunColumns =
    "id, directory, started_at, scenario, cell, kernel, release, build_id, line, seed, verdict, expected, held, "
    "signature, title, reason, to_event_ms, took_ms, evidence, night, night_cell, number, watched_ms, pruned_at";
const std::string kNightColumns = "id, matrix, sum, started_at, finished_at, engine";
const std::string kCellColumns = "night, key, kernel, scenario, variant, not_run, flag, words";

std::string placeholders(const std::string& columns) {
  std::string all = "?";
  for (auto left = std::ranges::count(columns, ','); left > 0; --left) all += ", ?";
  return all;
}

Values valuesOf(const Run& run) {
  const bool byHand = run.night.empty();
  return {run.id,
          run.directory.string(),
          run.startedAt,
          run.scenario,
          run.cell,
          run.kernel,
          run.release,
          run.buildId,
          run.line,
          static_cast<std::int64_t>(run.seed),  // the same bits: SQLite knows no unsigned numbers
          run.verdict,
          run.expected,
          number(run.held),
          run.signature,
          run.title,
          run.reason,
          run.toEvent ? number(run.toEvent->count()) : Value(nullptr),
          number(run.took.count()),
          number(run.evidence),
          orNull(run.night),
          byHand ? Value(nullptr) : Value(run.nightCell),
          byHand ? Value(nullptr) : number(run.number),
          number(run.watched.count()),
          run.prunedAt};
}

Values valuesOf(const Night& night) {
  return {night.id, night.matrix, night.sum, night.startedAt, night.finishedAt, night.engine};
}

Values valuesOf(const NightCell& cell) {
  return {cell.night, cell.key, cell.kernel, cell.scenario, cell.variant, cell.notRun, cell.flag, cell.words};
}

Run runOf(const Row& row) {
  Run run;
  int at = 0;
  run.id = row.text(at++);
  run.directory = row.text(at++);
  run.startedAt = row.text(at++);
  run.scenario = row.text(at++);
  run.cell = row.text(at++);
  run.kernel = row.text(at++);
  run.release = row.text(at++);
  run.buildId = row.text(at++);
  run.line = row.text(at++);
  run.seed = static_cast<std::uint64_t>(row.number(at++));
  run.verdict = row.text(at++);
  run.expected = row.text(at++);
  run.held = row.number(at++) != 0;
  run.signature = row.text(at++);
  run.title = row.text(at++);
  run.reason = row.text(at++);
  if (!row.null(at)) run.toEvent = std::chrono::milliseconds(row.number(at));
  ++at;
  run.took = std::chrono::milliseconds(row.number(at++));
  run.evidence = row.number(at++) != 0;
  run.night = row.text(at++);
  run.nightCell = row.text(at++);
  run.number = static_cast<int>(row.number(at++));
  run.watched = std::chrono::milliseconds(row.number(at++));
  run.prunedAt = row.text(at);
  return run;
}

Night nightOf(const Row& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5)};
}

NightCell cellOf(const Row& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6), row.text(7)};
}

}  // namespace relapse::history
