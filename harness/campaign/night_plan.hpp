// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "campaign/matrix.hpp"
#include "campaign/night_judge.hpp"

namespace relapse::campaign {

// What a night knows of a cell while it is under way.
struct CellProgress {
  CellTally before;     // of the nights before, since the last change
  CellTally tonight;    // the runs that the matrix asks for
  CellTally confirmed;  // those that a suspicion asked for
  int underWay = 0;
  int inconclusive = 0;
  int started = 0;                             // number of the last run
  int confirm = 0;                             // runs that the suspicion asks for; 0: none
  std::chrono::milliseconds time{0};           // that its runs took, together
  std::chrono::milliseconds typicalBefore{0};  // of a run, in the nights before; 0: not known
  bool kernelReady = false;
  std::optional<std::string> notRun = {};  // why it gets no more runs
};

// Which cell runs next. First each cell once, then the rest: those whose next run tells most a second come first, that
// is flaky cells, and cells whose runs tonight are unlike those before. Confirmations come when all that was asked for
// is made. Pure.
class NightPlan {
 public:
  NightPlan(const std::vector<MatrixCell>& cells, JudgeRules rules) : cells_(cells), rules_(rules) {}

  // Nothing: nothing can be started now. `left`: of the budget; a run that would likely not fit is not started.
  std::optional<std::size_t> next(const std::vector<CellProgress>& progress,
                                  std::optional<std::chrono::milliseconds> left) const;

  // There is a run that the matrix or a suspicion asks for.
  bool wantsMore(const std::vector<CellProgress>& progress) const;
  bool wantsRun(const MatrixCell& cell, const CellProgress& progress) const;

  // Sets `confirm` of each cell that is suspected, once all runs that the matrix asks for are made.
  void suspect(std::vector<CellProgress>& progress) const;

  // What a run of the cell will take, as far as can be known.
  static std::chrono::milliseconds expected(const MatrixCell& cell, const CellProgress& progress);

 private:
  double value(const MatrixCell& cell, const CellProgress& progress) const;
  const std::vector<MatrixCell>& cells_;
  JudgeRules rules_;
};

}  // namespace relapse::campaign
