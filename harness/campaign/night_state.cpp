// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/night_state.hpp"

#include <algorithm>
#include <ctime>
#include <set>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "campaign/compare.hpp"
#include "campaign/nightly.hpp"
#include "campaign/run_file.hpp"
#include "statistics/rates.hpp"

namespace relapse::campaign {
namespace {

std::map<std::string, std::size_t> placesOf(const Matrix& matrix) {
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < matrix.cells.size(); ++i) places[matrix.cells[i].key] = i;
  return places;
}

report::NightRun nightRun(const history::Run& run, const std::string& where) {
  return {run.id, run.directory.string(), run.verdict, run.signature, run.reason, run.toEvent, run.took, where};
}

}  // namespace

std::string timestamp() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

Result<NightState> NightState::recall(const Matrix& matrix, history::Night night, history::History& history) {
  NightState state(matrix, std::move(night), history);
  const auto cells = matrix.cells.size();
  state.progress_.resize(cells);
  state.numbers_.resize(cells);
  state.releases_.resize(cells);
  state.past_.resize(cells);
  if (auto done = state.recallBefore(); !done) return passOn(done.error());
  if (auto done = state.recallTonight(); !done) return passOn(done.error());
  return state;
}

Result<void> NightState::recallBefore() {
  auto nights = history_.nights(matrix_.name, 0);
  if (!nights) return passOn(nights.error());
  std::erase_if(*nights, [&](const auto& one) { return one.id >= night_.id || one.finishedAt.empty(); });
  if (nights->size() > kNightsBefore) nights->resize(kNightsBefore);
  std::ranges::reverse(*nights);  // oldest first
  const auto places = placesOf(matrix_);
  for (const auto& night : *nights) {
    auto cells = history_.cells(night.id);
    if (!cells) return passOn(cells.error());
    auto runs = history_.runs({.night = night.id});
    if (!runs) return passOn(runs.error());
    std::map<std::size_t, report::PastCell> past;
    for (const auto& cell : *cells) {
      const auto place = places.find(cell.key);
      if (place == places.end()) continue;
      past[place->second] = {night.id, 0, 0, cell.flag, fmt::format("../{}/report.html", night.id)};
      if (isChange(cell.flag)) progress_[place->second].before = {};
    }
    std::map<std::size_t, std::pair<std::chrono::milliseconds, int>> times;
    for (const auto& run : *runs) {
      const auto place = places.find(run.nightCell);
      if (place == places.end()) continue;
      campaign::add(progress_[place->second].before, resultOf(run));
      times[place->second].first += run.took;
      ++times[place->second].second;
      if (run.verdict == "inconclusive") continue;
      ++past[place->second].runs;
      past[place->second].hits += isHit(run) ? 1 : 0;
    }
    for (const auto& [cell, time] : times) progress_[cell].typicalBefore = time.first / time.second;
    for (auto& [cell, one] : past) past_[cell].push_back(std::move(one));
  }
  return {};
}

Result<void> NightState::recallTonight() {
  const auto places = placesOf(matrix_);
  auto cells = history_.cells(night_.id);
  if (!cells) return passOn(cells.error());
  auto runs = history_.runs({.night = night_.id});
  if (!runs) return passOn(runs.error());
  std::ranges::sort(*runs, {}, &history::Run::number);
  for (const auto& run : *runs)
    if (const auto place = places.find(run.nightCell); place != places.end()) count(place->second, run, {});
  return {};
}

// The first that the matrix asks for are the night's, all later ones are the confirmation's: those begin when the
// others have ended.
void NightState::count(std::size_t cell, const history::Run& run, const std::string& where) {
  auto& progress = progress_[cell];
  const auto result = resultOf(run);
  progress.started = std::max(progress.started, run.number);
  progress.time += run.took;
  if (result.outcome == Outcome::Inconclusive) ++progress.inconclusive;
  const bool enough = progress.tonight.failed.tries >= matrix_.cells[cell].runs;
  campaign::add(enough ? progress.confirmed : progress.tonight, result);
  numbers_[cell].emplace(run.number, Made{nightRun(run, where), isHit(run), run.watched});
  if (!run.release.empty()) releases_[cell] = run.release;
}

Result<void> NightState::add(std::size_t cell, int number, history::Run run, const std::string& where) {
  if (has(cell, number)) return {};
  run.night = night_.id;
  run.nightCell = matrix_.cells[cell].key;
  run.cell = fmt::format("{}", fmt::join(matrix_.cells[cell].sets, " "));
  run.number = number;
  const auto added = history_.add(run);
  if (!added) return passOn(added.error());
  count(cell, run, where);
  return {};
}

Result<void> NightState::notRun(std::size_t cell, const std::string& why) {
  progress_[cell].notRun = why;
  return history_.notRun(night_.id, matrix_.cells[cell].key, why);
}

report::NightCellReport NightState::reportOf(std::size_t cell, const Judgement& judgement) const {
  const auto& planned = matrix_.cells[cell];
  report::NightCellReport out;
  out.key = planned.key;
  out.kernel = planned.kernel.name;
  out.scenario = planned.scenario.name;
  out.variant = planned.variant;
  out.expected = std::holds_alternative<scenario::ExpectSurvived>(planned.scenario.expect) ? "survived" : "reproduced";
  out.release = releases_[cell];
  out.flag = judgement.flag;
  out.words = judgement.words;
  out.past = past_[cell];
  for (const auto& [number, made] : numbers_[cell]) {
    out.runs.push_back(made.run);
    if (made.run.verdict == "inconclusive") {
      ++out.rate.inconclusive;
      continue;
    }
    ++out.rate.runs;
    out.rate.hits += made.hit ? 1 : 0;
    if (made.hit && made.run.toEvent) out.rate.toEvent.push_back(*made.run.toEvent);
    if (!made.hit && made.watched.count() > 0) out.rate.without.push_back(made.watched);
  }
  const auto interval = statistics::clopperPearson({out.rate.hits, out.rate.runs});
  out.rate.low = interval.low;
  out.rate.high = interval.high;
  return out;
}

Result<std::vector<report::NightSignature>> NightState::signatures(
    const std::vector<report::NightCellReport>& cells) const {
  auto all = history_.signatures();
  if (!all) return passOn(all.error());
  std::vector<report::NightSignature> seen;
  for (const auto& known : *all) {
    report::NightSignature one{known.signature,        known.title, {}, 0, known.firstSeen, known.lastSeen,
                               known.evidence.string()};
    for (const auto& cell : cells) {
      const auto runs = std::ranges::count(cell.runs, known.signature, &report::NightRun::signature);
      if (runs == 0) continue;
      one.cells.push_back(cell.key);
      one.runs += static_cast<int>(runs);
    }
    if (one.runs > 0) seen.push_back(std::move(one));
  }
  return seen;
}

Result<report::NightReport> NightState::judged(const JudgeRules& rules, const std::string& relapse,
                                               std::vector<std::string> notes) {
  report::NightReport night;
  night.id = night_.id;
  night.matrix = night_.matrix;
  night.startedAt = night_.startedAt;
  night.finishedAt = timestamp();
  night.engine = night_.engine;
  night.relapse = relapse;
  night.falseFlags = rules.falseFlags;
  night.notes = std::move(notes);
  std::vector<history::NightCell> rows;
  bool any = false;
  for (std::size_t i = 0; i < progress_.size(); ++i) {
    const auto& cell = progress_[i];
    auto judgement = judge(cell.before, cell.tonight, cell.confirmed, cell.inconclusive, rules);
    if (judgement.flag == "not-run")
      judgement.words = matrix_.cells[i].excluded.value_or(cell.notRun.value_or(kBudgetSpent));
    else if (cell.notRun)
      judgement.words += "; no more runs: " + *cell.notRun;
    any = any || cell.tonight.failed.tries > 0;
    night.expected = night.expected && !isAlarm(judgement.flag);
    night.cells.push_back(reportOf(i, judgement));
    history::NightCell row;
    row.night = night_.id;
    row.key = matrix_.cells[i].key;
    row.flag = judgement.flag;
    row.words = judgement.words;
    rows.push_back(std::move(row));
  }
  night.expected = night.expected && any;
  auto seen = signatures(night.cells);
  if (!seen) return passOn(seen.error());
  night.signatures = std::move(*seen);
  if (auto done = history_.judge(night_.id, rows); !done) return passOn(done.error());
  return night;
}

}  // namespace relapse::campaign
