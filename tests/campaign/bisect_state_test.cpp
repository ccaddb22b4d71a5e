// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include "bisect_world.hpp"

namespace relapse::campaign {
namespace {

using bisect::Saw;
using bisect::Tally;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class BisectStates : public testing::Test {
 protected:
  BisectStates() {
    begun_.plan = planOfPatches(6);
    begun_.target = kLockup;
  }

  void built(const std::string& key, const std::string& sum = {}) {
    events_.emplace_back(
        KernelBuilt{key, milliseconds(1), "debian-6.1", sum.empty() ? "sum-" + key : sum, "6.1", false});
  }
  void tried(const std::string& key, Saw saw, bool settles = false) {
    events_.emplace_back(TryStarted{++tries_, key, settles});
    events_.emplace_back(TryEnded{tries_, key, settles, saw, "", "", milliseconds(1), ""});
  }
  BisectState state() const {
    std::vector<BisectEvent> all{begun_};
    all.insert(all.end(), events_.begin(), events_.end());
    return BisectState(all);
  }
  bisect::Evidence evidence() const { return state().evidence(roundOf(begun_.plan, begun_.question.fixedBy)); }

  BisectBegun begun_;
  std::vector<BisectEvent> events_;
  int tries_ = 0;
};

TEST_F(BisectStates, AtTheBeginningKnowNothing) {
  const auto now = state();
  EXPECT_EQ(now.target(), kLockup);
  EXPECT_EQ(now.lastTry(), 0);
  EXPECT_THAT(now.kernels(), IsEmpty());
  EXPECT_FALSE(now.ended());
  EXPECT_EQ(now.kernel({3}).tally, Tally{});
}

TEST_F(BisectStates, CountTriesByKernelAndKnowWhatIsUnderWay) {
  built("3");
  tried("3", Saw::Bad);
  tried("3", Saw::Good);
  tried("3", Saw::Other);
  tried("6-3", Saw::Inconclusive, true);
  events_.emplace_back(TryStarted{++tries_, "3", false});
  EXPECT_EQ(state().kernel({3}).tally, (Tally{1, 1, 1, 0}));
  EXPECT_EQ(state().kernel({6, {}, {3}}).tally, (Tally{0, 0, 0, 1}));
  EXPECT_EQ(state().source(), "debian-6.1");
  EXPECT_EQ(state().lastTry(), 5);
  ASSERT_THAT(state().underWay(), SizeIs(1));
  EXPECT_EQ(state().underWay().begin()->first, 5);
  events_.emplace_back(BisectResumed{});
  EXPECT_THAT(state().underWay(), IsEmpty());
  EXPECT_EQ(state().lastTry(), 5) << "its number is not used again";
}

TEST_F(BisectStates, AddUpTheTriesOfOneBinary) {
  built("2", "same");
  built("3", "same");
  built("4");
  tried("2", Saw::Good);
  tried("3", Saw::Good);
  tried("4", Saw::Bad);
  EXPECT_EQ(state().tallyOf({2}), (Tally{0, 2, 0, 0}));
  EXPECT_EQ(state().tallyOf({3}), (Tally{0, 2, 0, 0}));
  EXPECT_EQ(state().tallyOf({4}), (Tally{1, 0, 0, 0}));
  const auto known = evidence();
  EXPECT_EQ(known.sameAs[3], 2U);
  EXPECT_EQ(known.of(3), (Tally{0, 2, 0, 0}));
  EXPECT_EQ(known.of(2), known.of(3));
}

TEST_F(BisectStates, DoNotTakeKernelsWithoutASumForOneBinary) {
  events_.emplace_back(KernelBuilt{"2", milliseconds(1), "", "", "", false});
  events_.emplace_back(KernelBuilt{"3", milliseconds(1), "", "", "", false});
  tried("2", Saw::Good);
  EXPECT_EQ(state().tallyOf({3}), Tally{});
  EXPECT_EQ(evidence().sameAs[3], 3U);
}

TEST_F(BisectStates, LeaveOutWhatCannotBeTried) {
  events_.emplace_back(KernelSkipped{"2", "does not build"});
  events_.emplace_back(KernelSkipped{"6-4", "does not apply"});
  for (int i = 0; i < 4; ++i) tried("6-3", Saw::Inconclusive);
  const auto known = evidence();
  EXPECT_THAT(known.untestable, ElementsAre(false, false, true, false, false, false, false));
  EXPECT_TRUE(known.uncheckable[4]);
  EXPECT_TRUE(known.uncheckable[3]) << "it comes to no result";
  EXPECT_FALSE(known.uncheckable[2]);
  EXPECT_TRUE(known.uncheckable[6]) << "the end without the last is a kernel of the search";
}

TEST_F(BisectStates, CountOfAChecksTriesWhatTheSearchAskedFor) {
  built("6-2");
  tried("6-2", Saw::Good, true);
  built("6-3");
  tried("6-3", Saw::Bad, false);
  tried("6-3", Saw::Good, true);
  built("6-4");
  tried("6-5", Saw::Good, true);
  const auto known = evidence();
  EXPECT_THAT(known.checks, ElementsAre(Pair(2, Tally{}), Pair(3, Tally{1, 0, 0, 0}), Pair(4, Tally{})));
  EXPECT_EQ(state().kernel({6, {}, {2}}).tally, (Tally{0, 1, 0, 0}));
}

TEST_F(BisectStates, OfASearchForAFixCheckTheOldEndWithEach) {
  begun_.question.fixedBy = true;
  built("0+4");
  tried("0+4", Saw::Good);
  const auto known = evidence();
  EXPECT_THAT(known.checks, ElementsAre(Pair(4, Tally{0, 1, 0, 0})));
  EXPECT_TRUE(known.uncheckable[1]) << "the old end with the first is a kernel of the search";
}

TEST_F(BisectStates, OfALaterSearchHaveItsKernelsOnly) {
  built("0+6");
  tried("0+6", Saw::Good, true);
  built("2+6");
  tried("2+6", Saw::Bad);
  const auto round = roundOf(begun_.plan, 5, {6});
  EXPECT_THAT(round.kernels, SizeIs(6));
  EXPECT_EQ(round.kernels[5], Mix{6});
  EXPECT_EQ(round.checks[2], (Mix{6, {}, {2}})) << "one name for one kernel";
  const auto known = state().evidence(round);
  EXPECT_EQ(known.of(0), (Tally{0, 1, 0, 0}));
  EXPECT_EQ(known.of(2), (Tally{1, 0, 0, 0}));
}

TEST_F(BisectStates, KnowTheirEndAndWhatItTook) {
  events_.emplace_back(TargetLearnt{kOops});
  events_.emplace_back(BisectEnded{"found", "now", milliseconds(1500)});
  EXPECT_EQ(state().target(), kOops);
  ASSERT_TRUE(state().ended());
  EXPECT_EQ(state().ended()->ending, "found");
  EXPECT_EQ(state().spent(), milliseconds(1500));
}

TEST_F(BisectStates, AddTheTimesOfAllSessions) {
  const auto tried = [&](int number, int elapsed) {
    TryEnded ended{.number = number, .kernel = "0"};
    ended.elapsed = milliseconds(elapsed);
    events_.emplace_back(ended);
  };
  tried(1, 900);
  tried(2, 1000);  // then it was killed
  events_.emplace_back(BisectResumed{"now"});
  tried(3, 200);
  EXPECT_EQ(state().spent(), milliseconds(1200));
  events_.emplace_back(BisectEnded{"found", "now", milliseconds(300)});
  EXPECT_EQ(state().spent(), milliseconds(1300));
}

}  // namespace
}  // namespace relapse::campaign
