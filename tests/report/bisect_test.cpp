// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <algorithm>

#include "report/bisect.hpp"
#include "report/bisect_words.hpp"
#include "report/lines.hpp"
#include "samples.hpp"
#include "text_checks.hpp"

namespace relapse::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string headlineOf(const BisectReport& bisect) {
  return linesOf(bisectSummary(bisect, false))[1];
}

TEST(Percent, IsNeverNothingOrAllOfWhatIsNot) {
  const std::pair<double, const char*> kCases[] = {
      {0, "0 %"},         {1e-9, "under 0.1 %"},    {0.0005, "0.1 %"},          {0.5, "50 %"}, {0.9731, "97.3 %"},
      {0.9994, "99.9 %"}, {0.99951, "over 99.9 %"}, {1 - 1e-12, "over 99.9 %"}, {1, "100 %"}};
  for (const auto& [part, words] : kCases) EXPECT_EQ(percent(part), words) << part;
}

TEST(BisectWords, CountOneAndMany) {
  EXPECT_EQ(counted(1, "patch"), "1 patch");
  EXPECT_EQ(counted(2, "patch"), "2 patches");
  EXPECT_EQ(counted(0, "run"), "0 runs");
  EXPECT_EQ(counted(1, "commit"), "1 commit");
  EXPECT_EQ(countWords({.bad = 2, .other = 1}), "2 bad, 1 other failure");
  EXPECT_EQ(countWords({.good = 1, .other = 2, .inconclusive = 1}), "1 good, 2 other failures, 1 without a verdict");
  EXPECT_EQ(countWords({}), "no tries");
  BisectReport one;
  one.runs = one.kernels = 1;
  EXPECT_EQ(effortWords(one), "1 run of 1 kernel in 0 ms");
}

TEST(BisectWords, OfASubsetSayWhatEachIsGoodFor) {
  EXPECT_EQ(subsetWords({.names = {"a"}, .minimal = true}), "a alone suffices");
  EXPECT_EQ(subsetWords({.names = {"a", "b"}, .minimal = true}), "a and b together: neither alone suffices");
  EXPECT_EQ(subsetWords({.names = {"a", "b", "c"}, .minimal = true}),
            "a, b and c together: none of them can be left out");
  EXPECT_EQ(subsetWords({.names = {"a", "b"}}),
            "a and b together suffice; whether each of them is needed was not tried");
  EXPECT_EQ(subsetWords({}), "no set that suffices is known");
}

TEST(BisectWords, TakeOnlyAnIdForACommit) {
  const std::string id = "22876f540bdf00112233445566778899aabbccdd";
  EXPECT_EQ(shortCommit(id), "22876f540bdf");
  for (const auto& other : {id.substr(0, 39), id + "0", std::string(40, 'g'), std::string(40, '\n'), std::string()})
    EXPECT_EQ(shortCommit(other), "") << other;
}

TEST(BisectSummary, SaysWhatWasFoundHowSureAndHowItWasChecked) {
  const std::string text = bisectSummary(sampleBisect(), false);
  for (const char* part :
       {"found: 0005-nfs-keep-the-page  97.3 %\n", "  result    the first patch with soft lockup in nfs_wb_page\n",
        "  sure      97.3 % (95 % asked for); its kernel: 5 bad, 1 good, 1 without a verdict; before it, at\n",
        "            0003-nfs-do-not-interrupt-writeout: 6 good, 2 other failures\n",
        "  subject   NFS: keep the page whose write has failed\n", "  rate      in 81.2 % of the tries where it is",
        "    debian-6.1 (good end)                 0    12      0\n      ... 2 more\n",
        "  > 0005-nfs-keep-the-page                5     1      0       97.3 %  1 without a verdict\n",
        "        skipped: does not build: fs/nfs/nfstrace.h:12", "same kernel as 0003-nfs-do-not-interrupt-writeout\n",
        "  other     NULL pointer in nfs_updatepage: 2 runs, first at 0003-nfs-do-not-interrupt-writeout\n",
        "  check     held: the bad end without 0005-nfs-keep-the-page, expected good, came out: 8 good\n",
        "  check     did not hold: the good end with 0005", "  caution   Two kernels could not be tried.\n",
        "  effort    49 runs of 6 kernels in 31 min 4 s\n",
        "    relapse run nfs-wb-page-soft-lockup --kernel debian-6.1"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(bisectSummary(sampleBisect(), true),
              StartsWith("\n\x1b[1;32mfound: 0005-nfs-keep-the-page  97.3 %\x1b[0m\n"));
}

TEST(BisectSummary, HasWordsForEveryEnding) {
  const std::pair<const char*, const char*> kCases[] = {
      {"found", "not found: no candidate is left"},
      {"good-end-bad", "not found: the end that should be good is bad: debian-6.1"},
      {"bad-end-good", "not found: the end that should be bad is good: debian-6.1 + 8 patches"},
      {"not-decided", "not found: the tries did not decide"},
      {"under-way", "not found: it is still under way"},
      {"interrupted", "not found: interrupted"},
      {"failed", "not found: the search failed"},
      {"won", "not found: no known ending: won"}};
  for (const auto& [ending, words] : kCases) EXPECT_EQ(headlineOf(endedBisect(ending)), words);
  EXPECT_EQ(std::size(kCases), std::size(kBisectEndings) + 1);
  EXPECT_THAT(bisectSummary(endedBisect("failed"), true), StartsWith("\n\x1b[1;33mnot found"));
  EXPECT_THAT(bisectSummary({}, false), HasSubstr("not found")) << "nothing at all is no success";
}

TEST(BisectSummary, OfSeveralSaysWhyTheyCouldNotBeToldApart) {
  const std::string text = bisectSummary(bigBisect(4096), false);
  EXPECT_THAT(text, HasSubstr("found: one of 3 commits  98.2 %\n"));
  EXPECT_THAT(text, HasSubstr("one of these 3; they could not be told apart: c8f8b8b2634a: does not build;\n"));
  EXPECT_THAT(text, HasSubstr("  left      c8f8b8b2634a: subsystem0: a change"));
  EXPECT_LT(linesOf(text).size(), 70u) << "of 4096";
}

TEST(BisectSummary, ThatDidNotDecideNamesWhatIsLeft) {
  const std::string text = bisectSummary(undecidedBisect(), false);
  EXPECT_EQ(headlineOf(undecidedBisect()), "not found: the tries did not decide");
  EXPECT_THAT(text, HasSubstr("  wanted    the first commit with soft lockup in nfs_wb_page\n"));
  EXPECT_THAT(text, HasSubstr("  left      "));
}

TEST(BisectSummary, OfWhatFixedItBeginsWithTheBadEnd) {
  const std::string text = bisectSummary(fixedBisect(), false);
  EXPECT_THAT(text, HasSubstr("the first patch without soft lockup in nfs_wb_page: what fixed it\n"));
  EXPECT_LT(text.find("(bad end)"), text.find("(good end)"));
}

TEST(BisectSummary, OffersASubsetOnlyWhenACheckSaysThatItTakesMore) {
  BisectReport bisect = sampleBisect();
  EXPECT_THAT(bisectSummary(bisect, false), Not(HasSubstr("--subset"))) << "there is one";
  bisect.subset.reset();
  EXPECT_THAT(bisectSummary(bisect, false),
              HasSubstr("  next      the same bisect again with --subset: which patches it takes together\n"));
  bisect.checks[1].made = false;
  EXPECT_THAT(bisectSummary(bisect, false), Not(HasSubstr("--subset"))) << "nothing is known";
  bisect.checks[1].made = bisect.checks[1].held = true;
  EXPECT_THAT(bisectSummary(bisect, false), Not(HasSubstr("--subset")));
}

TEST(BisectSummary, HasLinesOfLessThanAHundredColumnsAndNoControlCharacters) {
  for (const auto& bisect : allBisects())
    for (const auto& line : linesOf(bisectSummary(bisect, false))) {
      EXPECT_LT(columns(line), 100u) << line;
      for (std::size_t i = 0; i < line.size(); ++i) {
        EXPECT_TRUE(static_cast<unsigned char>(line[i]) >= ' ' && line[i] != '\x7f') << line;
        EXPECT_FALSE(line[i] == '\xc2' && static_cast<unsigned char>(line[i + 1]) < 0xa0) << line;
      }
      EXPECT_THAT(line, Not(HasSubstr("\xe2\x80\xae"))) << "turns the direction of writing";
    }
}

TEST(BisectSummary, ShowsTheLikeliestOfMoreThanItCanShow) {
  BisectReport bisect = bigBisect(4096);
  for (auto& candidate : bisect.candidates) candidate.skipped = "does not build";
  const auto shown = candidatesToShow(bisect, 40);
  EXPECT_EQ(shown.size(), 40u);
  EXPECT_TRUE(std::ranges::is_sorted(shown));
  for (std::size_t i = 2560; i < 2563; ++i) EXPECT_THAT(shown, testing::Contains(i));
}

}  // namespace
}  // namespace relapse::report
