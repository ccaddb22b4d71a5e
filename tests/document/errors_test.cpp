// SPDX-License-Identifier: GPL-2.0-or-later
#include "document/errors.hpp"

#include <string>

#include <gtest/gtest.h>

namespace relapse::document {
namespace {

TEST(Errors, ComeInTheFilesOrderWithOverridesLast) {
  Errors errors;
  errors.add({"--set a", 0, 0}, "a", "expected 4");
  errors.add({"f", 10, 1}, "c", "expected 3");
  errors.add({"f", 9, 7}, "b", "expected 2");
  errors.add({"f", 9, 2}, "", "expected 1");
  EXPECT_EQ(errors.text(),
            "f:9:2: expected 1\n"
            "f:9:7: b: expected 2\n"
            "f:10:1: c: expected 3\n"
            "--set a: expected 4");
}

TEST(Errors, OfAnOverrideNameTheKeyWhenItIsNotTheOverridesOwn) {
  Errors errors;
  errors.add({"--set a.list", 0, 0}, "a.list[1]", "expected x");
  EXPECT_EQ(errors.text(), "--set a.list: a.list[1]: expected x");
}

TEST(Errors, AreCountedAfterTheFirstHundred) {
  Errors errors;
  for (int i = 1; i <= 103; ++i) errors.add({"f", i, 1}, "k", "x");
  EXPECT_TRUE(errors.text().ends_with("f:100:1: k: x\nand 3 more"));
}

TEST(Errors, AreBadInput) {
  Errors errors;
  errors.add({"f", 1, 1}, "k", "x");
  const Failure failure = errors.failure("look there").value();
  EXPECT_EQ(failure.kind, FailureKind::BadInput);
  EXPECT_EQ(failure.message, "f:1:1: k: x");
  EXPECT_EQ(failure.advice, "look there");
}

TEST(Quote, EscapesWhatWouldMoveTheTerminal) {
  EXPECT_EQ(quote("a\"b\\c\nd\te"), R"("a\"b\\c\nd\te")");
  EXPECT_EQ(quote("\x1B[2J\x7F\xC2\x9B"), R"("\x1b[2J\x7f\x9b")");
  EXPECT_EQ(quote("a\xFF\xC3(\x9B\xC3\xA4"), "\"a\\xff\\xc3(\\x9b\xC3\xA4\"");
}

TEST(Quote, CutsLongTextBetweenCharacters) {
  std::string sixty, more;
  for (int i = 0; i < 60; ++i) sixty += "é";
  EXPECT_EQ(quote(sixty), '"' + sixty + '"');
  EXPECT_EQ(quote(sixty + "é"), '"' + sixty + "...\"");
  EXPECT_LT(quote(std::string(100'000, '\x80')).size(), 300u);
}

TEST(Nearest, FindsTheSlip) {
  const std::vector<std::string_view> words{"softlockup", "hung-task", "rcu-stall", "name"};
  EXPECT_EQ(nearest("softlokup", words), "softlockup");
  EXPECT_EQ(nearest("soft-lockup", words), "softlockup");
  EXPECT_EQ(nearest("hugn-task", words), "hung-task");
  EXPECT_EQ(nearest("RCU-Stall", words), "rcu-stall");
  EXPECT_EQ(nearest("nmae", words), "name");
}

TEST(Nearest, FindsNothingWhenNothingIsNear) {
  const std::vector<std::string_view> words{"softlockup", "name", "cpu"};
  EXPECT_EQ(nearest("deadline", words), "");
  EXPECT_EQ(nearest("xyz", words), "");
  EXPECT_EQ(nearest(std::string(5000, 'a'), words), "");
  EXPECT_EQ(nearest("name", {}), "");
}

}  // namespace
}  // namespace relapse::document
