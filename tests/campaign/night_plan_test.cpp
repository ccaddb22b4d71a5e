// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include "campaign/night_plan.hpp"

namespace relapse::campaign {
namespace {

using std::chrono::milliseconds;

class Plan : public testing::Test {
 protected:
  Plan() : cells_(3), progress_(3), plan_(cells_, {0.05, 3, 20}) {
    for (auto& cell : progress_) {
      cell.kernelReady = true;
      cell.typicalBefore = milliseconds(7000);
    }
  }
  static void ran(CellProgress& cell, int failed, int tries) {
    cell.tonight.failed += {failed, tries};
    if (failed > 0) cell.tonight.signatures["f"] += failed;
    cell.time += milliseconds(7000) * tries;
  }
  std::vector<MatrixCell> cells_;
  std::vector<CellProgress> progress_;
  NightPlan plan_;
};

TEST_F(Plan, TakesFlakyCellsFirst) {
  progress_[0].before.failed = {0, 30};
  progress_[1].before.failed = {15, 30};
  progress_[2].before.failed = {30, 30};
  EXPECT_EQ(plan_.next(progress_, {}), 1u);
}

TEST_F(Plan, GivesEachCellOneRunBeforeAnyHasTwo) {
  progress_[1].before.failed = {15, 30};
  ran(progress_[1], 1, 1);
  ran(progress_[0], 0, 1);
  EXPECT_EQ(plan_.next(progress_, {}), 2u);
}

TEST_F(Plan, ThenTakesTheCellThatIsUnlikeBefore) {
  for (auto& cell : progress_) cell.before.failed = {0, 30};
  for (std::size_t i = 0; i < 3; ++i) ran(progress_[i], i == 2 ? 1 : 0, 1);
  EXPECT_EQ(plan_.next(progress_, {}), 2u);
}

TEST_F(Plan, MindsPrioritiesAndTimes) {
  cells_[2].priority = 10;
  EXPECT_EQ(plan_.next(progress_, {}), 2u);
  cells_[2].priority = 1;
  progress_[1].typicalBefore = milliseconds(1000);
  EXPECT_EQ(plan_.next(progress_, {}), 1u) << "the short one tells more a second";
}

TEST_F(Plan, StartsNothingThatDoesNotFitIntoTheBudget) {
  EXPECT_TRUE(plan_.next(progress_, milliseconds(8000)));
  EXPECT_FALSE(plan_.next(progress_, milliseconds(6000)));
}

TEST_F(Plan, WaitsForKernelsAndForWhatIsUnderWay) {
  for (auto& cell : progress_) cell.kernelReady = false;
  EXPECT_FALSE(plan_.next(progress_, {}));
  EXPECT_TRUE(plan_.wantsMore(progress_));
  for (auto& cell : progress_) {
    cell.kernelReady = true;
    cell.underWay = 3;
  }
  EXPECT_FALSE(plan_.next(progress_, {}));
}

TEST_F(Plan, LeavesACellThatNeverComesToAVerdict) {
  for (auto& cell : progress_) cell.inconclusive = 3;
  EXPECT_FALSE(plan_.wantsMore(progress_));
}

TEST_F(Plan, SuspectsACellOnlyWhenItsRunsAreMade) {
  for (auto& cell : progress_) cell.before.failed = {0, 3};
  ran(progress_[0], 2, 2);
  plan_.suspect(progress_);
  EXPECT_EQ(progress_[0].confirm, 0);
  ran(progress_[0], 1, 1);
  ran(progress_[1], 0, 3);
  plan_.suspect(progress_);
  EXPECT_GT(progress_[0].confirm, 0);
  EXPECT_EQ(progress_[1].confirm, 0);
  EXPECT_TRUE(plan_.wantsRun(cells_[0], progress_[0]));
}

}  // namespace
}  // namespace relapse::campaign
