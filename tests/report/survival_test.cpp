// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/survival.hpp"

#include <gmock/gmock.h>

#include "report/plot.hpp"
#include "samples.hpp"

namespace relapse::report {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

Rate rateOf(std::vector<int> events, std::vector<int> censored) {
  Rate rate;
  for (const int time : events) rate.toEvent.push_back(milliseconds(1000 * time));
  for (const int time : censored) rate.without.push_back(milliseconds(1000 * time));
  return rate;
}

// Events at 6, 6, 6, 7, 10, 13, 16, 22, 23 of 21 runs: the 6-MP arm of Freireich's trial (Blood 21, 1963), whose
// Kaplan-Meier estimate every text has.
TEST(TimeToEvent, IsTheEstimateOfATrialThatIsKnown) {
  const auto curve =
      timeToEvent(rateOf({6, 6, 6, 7, 10, 13, 16, 22, 23}, {6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35}));
  const std::vector<std::pair<double, double>> known{{0, 1},      {6, 0.857},  {7, 0.807},  {10, 0.753},
                                                     {13, 0.690}, {16, 0.627}, {22, 0.538}, {23, 0.448}};
  ASSERT_EQ(curve.steps.size(), known.size());
  for (std::size_t i = 0; i < known.size(); ++i) {
    EXPECT_EQ(curve.steps[i].seconds, known[i].first);
    EXPECT_NEAR(curve.steps[i].without, known[i].second, 0.0005);
  }
  EXPECT_EQ(curve.censored.size(), 12u);
  EXPECT_NEAR(curve.censored.front().without, 0.857, 0.0005) << "the event at 6 came before the end at 6";
  EXPECT_EQ(curve.end, 35);
}

TEST(TimeToEvent, FallsToNothingWhenTheLastRunShowsIt) {
  const auto curve = timeToEvent(rateOf({1, 2}, {}));
  EXPECT_EQ(curve.steps.back().without, 0);
}

TEST(TimeToEvent, OfNoRunsStaysAtOne) {
  const auto curve = timeToEvent({});
  ASSERT_EQ(curve.steps.size(), 1u);
  EXPECT_EQ(curve.steps.front().without, 1);
}

TEST(Adapted, TakesTheTextsColourAndLosesAllThatIsLive) {
  const std::string svg = adapted(
      "<?xml version=\"1.0\"?><!DOCTYPE svg><svg viewBox=\"0 0 9 9\" onload=\"x()\"><title>t</title><g "
      "id=\"a\"><script>x()"
      "</script><path stroke='black' d='M0 0'/><g fill=\"black\" id=\"b\"/></g></svg>",
      "a \"label\"");
  EXPECT_THAT(svg, HasSubstr("<svg class=\"plot\" viewBox=\"0 0 9 9\""));
  EXPECT_THAT(svg, HasSubstr("stroke=\"currentColor\""));
  EXPECT_THAT(svg, HasSubstr("aria-label=\"a &quot;label&quot;\""));
  for (const char* gone : {"<script", "onload", " id=", "black", "<?xml", "DOCTYPE"})
    EXPECT_THAT(svg, Not(HasSubstr(gone)));
  EXPECT_EQ(adapted("no svg", ""), "");
}

TEST(Plots, WithoutGnuplotSayWhatIsMissing) {
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nonexistent", 1);
  const auto plot = timeToEventPlot(rateOf({1}, {2}));
  setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(plot);
  EXPECT_EQ(plot.error().kind, FailureKind::HostLacks);
  EXPECT_THAT(plot.error().message, HasSubstr("gnuplot is missing"));
}

TEST(Plots, AreMadeOfHostileNumbersToo) {
  const PastCell past[] = {{"x", 9, 3, "", ""}, {"x", -1, 3, "", ""}, {"x", 0, 0, "", ""}};
  const auto rates = ratePlot(past);
  if (!rates && rates.error().kind == FailureKind::HostLacks) GTEST_SKIP() << "skipped: " << rates.error().message;
  ASSERT_TRUE(rates) << rates.error().message;
  EXPECT_THAT(*rates, HasSubstr("over 2 nights"));
  const auto curve = timeToEventPlot(rateOf({0, 0}, {0}));
  ASSERT_TRUE(curve) << curve.error().message;
}

}  // namespace
}  // namespace relapse::report
