// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <fmt/format.h>

#include "report/bisect.hpp"
#include "samples.hpp"
#include "text_checks.hpp"

namespace relapse::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(BisectPage, HoldsAllPartsOfABisect) {
  const std::string page = bisectPage(sampleBisect());
  for (const char* part :
       {"result", "likely", "candidates", "checks", "subset", "others", "cautions", "reproduce", "story"})
    EXPECT_THAT(page, HasSubstr(fmt::format("<section id=\"{}\"", part)));
  for (const char* part :
       {"</span>found</span> 0005-nfs-keep-the-page</h1>",
        "<title id=\"likely-t\">How likely each patch is the culprit</title>",
        "<title>0005-nfs-keep-the-page: 97.3 %</title>", "aria-describedby=\"likely-d\"",
        "<th scope=\"col\" class=\"n\">bad</th>", "<a href=\"./runs/0003-01/report.html\">good</a>",
        "<a href=\"./bisect.json\">", "Fixes: 22876f540bdf (&quot;NFS: keep the page whose write has failed&quot;)",
        "same kernel as 0003-", "skipped: does not build", "</span>did not hold</span>", "All others: 3 patches",
        "QEMU ended before the guest did"})
    EXPECT_THAT(page, HasSubstr(part));
  expectTame(page);
}

TEST(BisectPage, OfHostileTextIsTame) {
  expectTame(bisectPage(hostileBisect()));
}

TEST(BisectPage, IsOneForEveryEnding) {
  for (const auto ending : kBisectEndings) {
    const std::string page = bisectPage(endedBisect(ending));
    EXPECT_THAT(page, HasSubstr("</span>not found</span> "));
    EXPECT_THAT(page, Not(HasSubstr("badge good\"><span aria-hidden=\"true\">\u2713 </span>not found")));
    EXPECT_THAT(page, Not(HasSubstr(">culprit<")));
  }
  EXPECT_THAT(bisectPage({}), HasSubstr("</html>")) << "nothing at all is no reason to die";
}

TEST(BisectPage, OfOneThatIsLeftDoesNotCallItTheCulprit) {
  EXPECT_THAT(bisectPage(sampleBisect()), HasSubstr("</span>culprit</span>"));
  EXPECT_THAT(bisectPage(fixedBisect()), HasSubstr("</span>fix</span>"));
  EXPECT_THAT(bisectPage(bigBisect(64)), Not(HasSubstr("culprit</span>")));
}

TEST(BisectPage, OfThousandsIsSmallAndDrawsNoMoreThanItCanShow) {
  const std::string page = bisectPage(bigBisect(4096));
  EXPECT_LT(page.size(), 1'000'000u);
  const std::size_t chart = page.find("<svg class=\"chart\"");
  EXPECT_LT(page.find("</svg>", chart) - chart, 40'000u);
  EXPECT_THAT(page, HasSubstr("32 share a bar."));
  EXPECT_THAT(page, HasSubstr("c8f8b8b2634a and 31 beside it: over 99.9 %"));
  const std::string huge = bisectPage(bigBisect(30'000));
  EXPECT_LT(huge.size(), 1'100'000u);
  EXPECT_THAT(huge, HasSubstr("are in bisect.json.</p>"));
}

}  // namespace
}  // namespace relapse::report
