// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <algorithm>

#include "report/bisect.hpp"
#include "report/mail_parts.hpp"
#include "report/run_files.hpp"
#include "samples.hpp"
#include "text_checks.hpp"

namespace relapse::report {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(BisectMail, SaysWhatIsBrokenByWhatHowSureAndHowToSeeIt) {
  const std::string text = bisectMail(sampleBisect());
  EXPECT_THAT(text,
              StartsWith("Subject: [relapse] soft lockup in nfs_wb_page: first bad patch\n 0005-nfs-keep-the-page\n\n"
                         "soft lockup in nfs_wb_page in the scenario nfs-wb-page-soft-lockup, kernel\n6.1.192: it "
                         "comes on debian-6.1 + 8 patches (6 bad, 1 good), and not on\ndebian-6.1 (12 good)."));
  for (const char* part :
       {"\nThe first bad patch is\n\n    0005-nfs-keep-the-page\n    NFS: keep the page whose write has failed\n    "
        "Author: J\u00fcrgen \u738b <author@example.org>\n    Message-Id: "
        "<20190407175912.23528-21-author@example.org>\n",
        "\nHow sure: 97.3 % (95 % asked for); its kernel: 5 bad, 1 good,",
        "\nChecks\n------\n\n  - the bad end without", "did not hold.\n", "neither alone suffices.\n",
        "\nOther failures on the way\n", "\nTo keep in mind\n",
        "\n    relapse run nfs-wb-page-soft-lockup --kernel debian-6.1 \\\n      --series series/nfs-wb-page --repeat "
        "4\n"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(text, HasSubstr("\nFixes: 22876f540bdf (\"NFS: keep the page whose write has failed\")\n\n"
                              "#regzbot introduced: 22876f540bdf\n\n--\nrelapse 0.1.0, bisect 2026"));
}

TEST(BisectMail, WithoutACommitSaysWhatAFixesLineNeeds) {
  BisectReport bisect = sampleBisect();
  bisect.culprits[0].commit.clear();
  const std::string text = bisectMail(bisect);
  EXPECT_THAT(text, HasSubstr("Message-Id: <20190407175912"));
  EXPECT_THAT(text, HasSubstr("A Fixes: line needs the id of its commit, which is not known here."));
  EXPECT_THAT(linesOf(text), Not(testing::Contains(StartsWith("Fixes:"))));
  EXPECT_THAT(text, Not(HasSubstr("regzbot")));
}

TEST(BisectMail, OfWhatFixedItHasNoFixesLine) {
  const std::string text = bisectMail(fixedBisect());
  EXPECT_THAT(text, HasSubstr("Subject: [relapse] soft lockup in nfs_wb_page: fixed by patch\n"));
  EXPECT_THAT(text, HasSubstr("\nThe patch that fixed it is\n"));
  EXPECT_THAT(text, HasSubstr("\nfixed by 22876f540bdf (\"NFS: keep the page whose write has failed\")\n"));
  for (const char* none : {"Fixes:", "regzbot", "Cc:", "Link:", "Closes:"}) EXPECT_THAT(text, Not(HasSubstr(none)));
}

TEST(BisectMail, HasNoTrailerWhereNoOneCommitWasFound) {
  BisectReport option = sampleBisect();
  option.space = "config";
  for (const auto& bisect : {option, bigBisect(4096), undecidedBisect(), endedBisect("good-end-bad")}) {
    const std::string text = bisectMail(bisect);
    for (const char* none : {"Fixes:", "regzbot", "fixed by"}) EXPECT_THAT(text, Not(HasSubstr(none)));
  }
  EXPECT_THAT(bisectMail(option), HasSubstr("\nThe first bad option is\n"));
}

TEST(BisectMail, ThatFoundNothingClaimsNothing) {
  for (const auto ending : kBisectEndings) {
    const std::string text = bisectMail(endedBisect(ending));
    EXPECT_THAT(text, HasSubstr("Subject: [relapse] soft lockup in nfs_wb_page: not found:"));
    EXPECT_THAT(text, Not(HasSubstr("it comes on")));
    EXPECT_THAT(text, Not(HasSubstr("first bad")));
    EXPECT_THAT(text, HasSubstr("Result: not found: "));
  }
}

TEST(BisectMail, OfHostileTextHasNoHeaderTrailerOrPatchOfItsOwn) {
  BisectReport bisect = hostileBisect();
  bisect.culprits[0].commit = "22876f540bdf00112233445566778899aabbccdd";
  bisect.culprits[0].subject = "evil\")\nFixes: 000000000000 (\"x\")\r\nBcc: all@example.org";
  bisect.candidates[4].author = "A\nBcc: all@example.org";
  const auto lines = linesOf(bisectMail(bisect));
  EXPECT_THAT(lines[0], StartsWith("Subject: "));
  std::size_t at = 1;
  for (; !lines[at].empty(); ++at) EXPECT_EQ(lines[at][0], ' ') << "the header has one field alone";
  for (; at < lines.size(); ++at) {
    for (const char* start : {"Subject:", "Bcc:", "diff --git", "From ", "EOD", "1..0", "Fixes: 0"})
      EXPECT_FALSE(lines[at].starts_with(start) && lines[at - 1].empty()) << lines[at];
    const bool stays = lines[at].starts_with("Fixes: ") || lines[at].starts_with("    Author: ");
    for (const char c : lines[at]) EXPECT_TRUE(stays ? static_cast<unsigned char>(c) >= ' ' : c >= ' ' && c < 0x7f);
    EXPECT_TRUE(stays || lines[at].size() <= kMailWidth) << lines[at];
    EXPECT_THAT(lines[at], Not(HasSubstr("Message-Id"))) << "it is none";
  }
  EXPECT_THAT(lines,
              testing::Contains("Fixes: 22876f540bdf (\"evil\") Fixes: 000000000000 (\"x\") Bcc: all@example.org\")"));
  EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.starts_with("Fixes:"); }), 1);
}

TEST(BisectMail, HasNoLineLongerThanOtherMails) {
  for (const auto& bisect : allBisects())
    for (const auto& line : linesOf(bisectMail(bisect)))
      EXPECT_TRUE(line.size() <= kMailWidth || line.starts_with("Fixes: ") || line.starts_with("    Author: ")) << line;
}

TEST(BisectMail, KeepsAMessagesIdInOnePiece) {
  BisectReport bisect = sampleBisect();
  bisect.culprits[0].messageId = std::string(90, 'x') + "@example.org";
  EXPECT_THAT(bisectMail(bisect), HasSubstr("\n    Message-Id: <" + bisect.culprits[0].messageId + ">\n"));
}

TEST(BisectMail, NamesNoFolderOfThisMachine) {
  BisectReport bisect = sampleBisect();
  const std::string folder = "/home/secret/trees";
  bisect.scenario = folder + "/mine.yaml";
  bisect.source = bisect.bad.name = folder + "/linux";
  bisect.words = "Found in " + folder + "/linux.";
  bisect.candidates[5].skipped = folder + "/linux/fs/nfs/write.c:7: error";
  bisect.cautions = {"the log is in '" + folder + "/a b/log.txt'", "file://" + folder + "/log"};
  bisect.checks[0].words = "(see " + folder + "/check)";
  bisect.candidates[4].runs[0].directory = folder + "/run";
  bisect.reproduce = commandLine({"relapse", "run", folder + "/mine.yaml", "--kernel", "../secret/linux", "--set",
                                  "patch=" + folder + "/a b.patch"});
  bisect.culprits[0].subject = bisect.candidates[4].subject = "mm: show it in /proc/self/maps";
  for (auto report : {bisect, bigBisect(64)}) {
    report.cautions = bisect.cautions;
    EXPECT_THAT(bisectMail(report), Not(HasSubstr("secret")));
  }
  const std::string text = bisectMail(bisect);
  EXPECT_THAT(text, HasSubstr("relapse run mine.yaml --kernel linux --set 'patch=a b.patch'"));
  EXPECT_THAT(text, HasSubstr("Fixes: 22876f540bdf (\"mm: show it in /proc/self/maps\")")) << "as the commit has it";
}

TEST(WithoutFolders, LeavesWhatIsNoPathOfTheMachine) {
  const std::pair<const char*, const char*> kCases[] = {
      {"/home/a/b.patch", "b.patch"},
      {"in /home/a/b.patch: no", "in b.patch: no"},
      {"~/b.patch, ./c/d and ../e/f", "b.patch, d and f"},
      {"'/home/a b/c d.patch' and \"/x/y\"", "'c d.patch' and \"y\""},
      {"--path=/x/y:/z/a", "--path=a"},
      {"/x/y/", "y"},
      {"fs/nfs/write.c:2139 and 3 / 4, 5/6", "fs/nfs/write.c:2139 and 3 / 4, 5/6"},
      {"https://example.org/a/b", "https://example.org/a/b"},
      {"file:///home/a/b", "file:b"},
      {"~5 %, / and //", "~5 %, / and //"},
      {"", ""}};
  for (const auto& [text, without] : kCases) EXPECT_EQ(withoutFolders(text), without);
}

TEST(BisectMail, SaysHowOthersSeeItWhoHaveNoRunToReplay) {
  auto bisect = sampleBisect();
  bisect.reproduce = "relapse replay 20261128T101500Z-a-run";
  const std::string mail = bisectMail(bisect);
  EXPECT_THAT(mail, Not(HasSubstr("replay")));
  EXPECT_THAT(mail, HasSubstr("relapse run nfs-wb-page-soft-lockup --no-series --kernel TREE"));
  EXPECT_THAT(mail, HasSubstr("as " + bisect.bad.name));
}

}  // namespace
}  // namespace relapse::report
