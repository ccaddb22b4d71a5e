// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include "bisect_world.hpp"
#include "campaign/bisect_course.hpp"

namespace relapse::campaign {
namespace {

using bisect::Saw;
using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

// A bisect without an engine: what is left to do is done at once.
class BisectCourse : public testing::Test {
 protected:
  struct Done {
    std::string ending;
    std::vector<std::string> kernels;  // keys, in the order in which they were first tried or skipped
    std::vector<bool> settles;
  };

  Done follow(
      std::size_t patches, const Held& needed, bool subset,
      std::function<bool(const Held&)> applies = [](const Held&) { return true; }) {
    BisectBegun begun;
    begun.plan = planOfPatches(patches);
    begun.subset = subset;
    events_ = {begun};
    state_.emplace(events_);
    Done done;
    for (int step = 0; step < 500; ++step) {
      const Work left = workLeft(*state_);
      if (const auto* course = std::get_if<Course>(&left)) {
        done.ending = course->ending;
        return done;
      }
      const auto* settle = std::get_if<Settle>(&left);
      const Mix mix = settle != nullptr ? settle->mix : mixOf(std::get<Narrow>(left));
      if (std::ranges::find(done.kernels, keyOf(mix)) == done.kernels.end()) {
        done.kernels.push_back(keyOf(mix));
        done.settles.push_back(settle != nullptr);
      }
      const Held held = heldBy(begun.plan, mix);
      if (!applies(held)) {
        add(KernelSkipped{keyOf(mix), "does not apply"});
        continue;
      }
      if (!state_->kernel(mix).built) add(KernelBuilt{keyOf(mix), milliseconds(1), "tiny", keyOf(mix), "6.1", false});
      const Saw saw = std::ranges::includes(held, needed) ? Saw::Bad : Saw::Good;
      add(TryEnded{state_->lastTry() + 1, keyOf(mix), settle != nullptr, saw, "", "", milliseconds(1000), ""});
    }
    ADD_FAILURE() << "it does not end";
    return done;
  }

  Subset subset(std::size_t culprit) const { return subsetOf(*state_, MainSearch(*state_), culprit); }

  std::optional<BisectState> state_;

 private:
  Mix mixOf(const Narrow& search) const {
    const auto& round = search.round;
    const auto step = bisect::next(round.space, state_->evidence(round), search.question, costsOf(*state_, round, {}));
    const auto* trial = std::get_if<bisect::Trial>(&step);
    if (trial != nullptr) return (trial->check ? round.checks : round.kernels)[trial->number];
    ADD_FAILURE() << "a search without a try";
    return {};
  }
  static Held heldBy(const BisectPlan& plan, const Mix& mix) {
    Held held;
    const auto options = optionsOf(plan, mix, "", {});
    for (const auto& patch : options->patches) held.insert(numberOfPatch(patch));
    return held;
  }
  void add(const BisectEvent& event) { state_->apply(event); }

  std::vector<BisectEvent> events_;
};

TEST_F(BisectCourse, BeginsWithTheEndsThenSearchesThenProves) {
  const auto done = follow(8, {3}, false);
  EXPECT_EQ(done.ending, "found");
  ASSERT_GE(done.kernels.size(), 5U);
  EXPECT_EQ(done.kernels[0], "8") << "the end with the bug";
  EXPECT_EQ(done.kernels[1], "0");
  EXPECT_EQ(done.kernels[2], "4") << "the middle";
  EXPECT_EQ(done.kernels[done.kernels.size() - 2], "8-3") << "then the end without it";
  EXPECT_EQ(done.kernels.back(), "0+3") << "and the other with it";
  EXPECT_TRUE(done.settles.back());
  EXPECT_FALSE(done.settles[2]);
}

TEST_F(BisectCourse, WithSubsetGoesOnUntilEachMemberIsJudged) {
  const auto done = follow(8, {2, 5}, true);
  EXPECT_EQ(done.ending, "found");
  const auto place = [&](const char* key) { return std::ranges::find(done.kernels, key) - done.kernels.begin(); };
  EXPECT_LT(place("8-5"), place("0+5")) << "the culprit is proven";
  EXPECT_LT(place("0+5"), place("0+2+5")) << "before it is asked what it needs,";
  EXPECT_LT(place("0+2+5"), place("8-2")) << "and then each is left out";
  EXPECT_LT(static_cast<std::size_t>(place("8-2")), done.kernels.size());
}

TEST_F(BisectCourse, FindsPairsAndTriples) {
  const Held sets[] = {{5}, {2, 5}, {1, 8}, {7, 8}, {1, 2}, {1, 4, 6}, {6, 7, 8}};
  for (const auto& needed : sets) {
    ASSERT_EQ(follow(8, needed, true).ending, "found");
    const auto found = subset(*needed.rbegin());
    EXPECT_EQ(found.members, needed);
    EXPECT_TRUE(found.suffices);
    EXPECT_TRUE(found.minimal);
    EXPECT_EQ(found.necessary, needed);
    EXPECT_FALSE(found.left);
    EXPECT_THAT(found.why, IsEmpty());
  }
}

TEST_F(BisectCourse, WhereAMemberDoesNotApplyAloneFindsWhatItTakesForThat) {
  // The bug is 6's alone, but that one stands on 4.
  const auto applies = [](const Held& held) { return !held.contains(6) || held.contains(4); };
  ASSERT_EQ(follow(8, {6}, true, applies).ending, "found");
  const auto found = subset(6);
  EXPECT_EQ(found.members, (Held{4, 6}));
  EXPECT_TRUE(found.suffices);
  EXPECT_FALSE(found.minimal) << "that 6 does not show it alone was not tried";
  EXPECT_EQ(found.necessary, Held{6});
}

TEST_F(BisectCourse, WhereAPairNeedsAThirdToApplyFindsAllThree) {
  const auto applies = [](const Held& held) { return !held.contains(7) || held.contains(3); };
  ASSERT_EQ(follow(8, {5, 7}, true, applies).ending, "found");
  const auto found = subset(7);
  EXPECT_EQ(found.members, (Held{3, 5, 7}));
  EXPECT_TRUE(found.suffices);
}

TEST_F(BisectCourse, OfAGroupThatCannotBeToldApartHasNoProof) {
  const auto applies = [](const Held& held) { return held.size() < 3 || held.size() > 4; };
  const auto done = follow(6, {4}, true, applies);
  EXPECT_EQ(done.ending, "found");
  EXPECT_THAT(done.kernels, Not(Contains(StartsWith("0+"))));
}

TEST_F(BisectCourse, SaysWhichEndIsWrong) {
  EXPECT_EQ(follow(8, {}, false).ending, "good-end-bad");
  EXPECT_EQ(follow(8, {9}, false).ending, "bad-end-good");
}

TEST_F(BisectCourse, OfOnePatchTriesItsTwoEnds) {
  const auto done = follow(1, {1}, true);
  EXPECT_EQ(done.ending, "found");
  EXPECT_THAT(done.kernels, ElementsAre("1", "0"));
  EXPECT_TRUE(subset(1).suffices);
}

TEST(BisectCosts, AKernelThatWasBuiltIsThereAndOneFarFromTheLastTakesLonger) {
  BisectBegun begun;
  begun.plan = planOfPatches(8);
  begun.plan.candidates[6].objects = 200;
  BisectState state({begun});
  state.apply(KernelBuilt{"2", milliseconds(1), "", "", "", false});
  state.apply(KernelSkipped{"5", "does not build"});
  const auto costs = costsOf(state, roundOf(begun.plan, false), {2});
  ASSERT_THAT(costs.build, SizeIs(9));
  EXPECT_EQ(costs.build[2], 0);
  EXPECT_LT(costs.build[3], costs.build[6]);
  EXPECT_GT(costs.build[7], costs.build[6] + 10) << "a header";
  EXPECT_LT(costs.chance[4], costs.chance[3]) << "near one that does not build";
  EXPECT_EQ(costs.chance[4], costs.chance[6]);
}

}  // namespace
}  // namespace relapse::campaign
