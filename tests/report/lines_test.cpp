// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include "report/lines.hpp"
#include "report/run_files.hpp"

namespace relapse::report {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Lines, CountColumnsAndBreakBetweenLetters) {
  EXPECT_EQ(columns("J\u00fcrgen \u738b"), 9u);
  EXPECT_EQ(cutTo("\u738b\u738b\u738b\u738b", 6), "\u738b...");
  EXPECT_EQ(cutTo("abc", 3), "abc");
  EXPECT_EQ(padded("\u738b", 4), "\u738b  ");
  EXPECT_EQ(wrapped("\u738b\u738b\u738b ab", "- ", "  ", 7), "- \u738b\u738b\n  \u738b ab\n");
}

TEST(CommandWords, AreThoseThatWereQuoted) {
  const std::vector<std::string> words{"relapse", "it's", "", "a b", "'", "\\", "$(x) \"y\"", "--set=k=v"};
  EXPECT_EQ(commandWords(commandLine(words)), words);
  EXPECT_THAT(commandWords("a 'b c"), ElementsAre("a", "b c"));
  EXPECT_THAT(commandWords("  "), IsEmpty());
}

}  // namespace
}  // namespace relapse::report
