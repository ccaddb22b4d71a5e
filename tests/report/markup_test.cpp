// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/markup.hpp"

#include <gmock/gmock.h>

#include "samples.hpp"

namespace relapse::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Escaped, LeavesNothingThatIsMarkup) {
  EXPECT_EQ(escaped("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(escaped(kHostile).find_first_of("<>\"'"), std::string::npos);
}

TEST(Escaped, KeepsLineEndsTabsAndOtherScripts) {
  EXPECT_EQ(escaped("a\tb\nc \xc3\xa4 \xe2\x86\x90 \xf0\x9f\x90\xa7"),
            "a\tb\nc \xc3\xa4 \xe2\x86\x90 \xf0\x9f\x90\xa7");
}

TEST(Cleaned, TakesTerminalSequencesAndControlCharactersOut) {
  EXPECT_EQ(cleaned("a\x1b[31;1mb\x1b[0m\x1b[2Jc\rd\x07\x7f"
                    "e\xc2\x9b"),
            "abcde");
  EXPECT_EQ(cleaned("a\x1b]0;title\x07"
                    "b\x1b]8;;x\x1b\\c"),
            "abc");
  EXPECT_EQ(cleaned("a\x1b"), "a");
  EXPECT_EQ(cleaned("a\x1b["), "a[");
  EXPECT_EQ(cleaned("a\x1b]never ends\nb"), "anever ends\nb");
  EXPECT_EQ(cleaned(std::string_view("a\0b", 3)), "ab");
}

TEST(Cleaned, TakesOutWhatTurnsTheDirectionOfWriting) {
  EXPECT_EQ(cleaned("a\xe2\x80\xae"
                    "b\xe2\x81\xa6"
                    "c\xd8\x9c"),
            "abc");
}

TEST(Cleaned, PutsTheReplacementForBytesThatAreNoUtf8) {
  const std::string mark = "\xef\xbf\xbd";
  EXPECT_EQ(cleaned("a\xff"
                    "b"),
            "a" + mark + "b");
  EXPECT_EQ(cleaned("\xc0\xaf"), mark + mark) << "longer than needed";
  EXPECT_EQ(cleaned("\xed\xa0\x80"), mark + mark + mark) << "a surrogate";
  EXPECT_EQ(cleaned("\xf4\x90\x80\x80"), mark + mark + mark + mark) << "above U+10FFFF";
  EXPECT_EQ(cleaned("\xe2\x82"), mark + mark) << "cut off";
  EXPECT_EQ(cleaned("\xef\xbf\xbf"), mark) << "U+FFFF, which XML 1.0 has not";
}

TEST(AsciiLine, IsOneLineOfAscii) {
  EXPECT_EQ(asciiLine("a\nb\tc \xc3\xa4\xe2\x86\x90"), "a b c ??");
}

TEST(LinkTo, IsAlwaysAPath) {
  EXPECT_EQ(linkTo("bundle/a b.cpio"), "./bundle/a%20b.cpio");
  EXPECT_EQ(linkTo("javascript:alert(1)"), "./javascript%3Aalert%281%29");
  EXPECT_EQ(linkTo("//host/x"), "/host/x");
  EXPECT_EQ(linkTo("../x/report.html"), "./../x/report.html");
  EXPECT_EQ(linkTo("\"\n<?#"), "./%22%0A%3C%3F%23");
}

TEST(ShellWord, IsOneWordWhateverItHolds) {
  EXPECT_EQ(shellWord("debian-6.1"), "debian-6.1");
  EXPECT_EQ(shellWord(""), "''");
  EXPECT_EQ(shellWord("a b"), "'a b'");
  EXPECT_EQ(shellWord("it's $(x)"), "'it'\\''s $(x)'");
}

}  // namespace
}  // namespace relapse::report
