// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/night_plan.hpp"

#include <algorithm>
#include <cmath>

namespace relapse::campaign {
namespace {

using std::chrono::milliseconds;

constexpr double kFirstRun = 1000;  // every cell has one before any has two

int wanted(const MatrixCell& cell, const CellProgress& progress) {
  return cell.runs + progress.confirm;
}

int conclusive(const CellProgress& progress) {
  return progress.tonight.failed.tries + progress.confirmed.failed.tries;
}

// So often has it come to no verdict that more runs would be wasted.
bool hopeless(const MatrixCell& cell, const CellProgress& progress) {
  return progress.inconclusive > std::max(2, cell.runs / 2);
}

}  // namespace

bool NightPlan::wantsRun(const MatrixCell& cell, const CellProgress& progress) const {
  return !cell.excluded && !progress.notRun && !hopeless(cell, progress) &&
         conclusive(progress) + progress.underWay < wanted(cell, progress);
}

bool NightPlan::wantsMore(const std::vector<CellProgress>& progress) const {
  for (std::size_t i = 0; i < cells_.size(); ++i)
    if (wantsRun(cells_[i], progress[i])) return true;
  return false;
}

milliseconds NightPlan::expected(const MatrixCell& cell, const CellProgress& progress) {
  const int made = conclusive(progress) + progress.inconclusive;
  if (made > 0) return progress.time / made;
  if (progress.typicalBefore.count() > 0) return progress.typicalBefore;
  return std::chrono::duration_cast<milliseconds>(cell.scenario.deadlines.reproduce) / 2;
}

// How much the next run may still change what is known, a second: the variance of the likely rate, more where tonight
// is unlike before.
double NightPlan::value(const MatrixCell& cell, const CellProgress& progress) const {
  auto all = progress.before.failed;
  all += progress.tonight.failed;
  all += progress.confirmed.failed;
  const double rate = (all.hits + 0.5) / (all.tries + 1.0);
  const double flaky = rate * (1 - rate);
  const double changed = progress.before.failed.tries > 0 && progress.tonight.failed.tries > 0
                             ? std::abs(progress.before.failed.rate() - progress.tonight.failed.rate())
                             : 0;
  const int runs = conclusive(progress) + progress.underWay;
  const double seconds = std::max(1.0, static_cast<double>(expected(cell, progress).count()) / 1000);
  const double value = cell.priority * (flaky + changed + 0.05) / ((runs + 1.0) * seconds);
  return runs + progress.inconclusive == 0 ? kFirstRun + value : value;
}

std::optional<std::size_t> NightPlan::next(const std::vector<CellProgress>& progress,
                                           std::optional<milliseconds> left) const {
  std::optional<std::size_t> best;
  double most = 0;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (!wantsRun(cells_[i], progress[i]) || !progress[i].kernelReady) continue;
    if (left && expected(cells_[i], progress[i]) > *left) continue;
    const double worth = value(cells_[i], progress[i]);
    if (best && worth <= most) continue;
    best = i;
    most = worth;
  }
  return best;
}

void NightPlan::suspect(std::vector<CellProgress>& progress) const {
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    auto& cell = progress[i];
    if (cell.confirm > 0 || wantsRun(cells_[i], cell) || cell.underWay > 0) continue;
    const int runs = confirmation(cell.before, cell.tonight, rules_);
    if (runs <= rules_.confirm) cell.confirm = runs;
  }
}

}  // namespace relapse::campaign
