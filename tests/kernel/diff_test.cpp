// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/diff.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"

namespace relapse::kernel {
namespace {

struct NamedDiff {
  const char* why;
  std::string text;
  std::vector<std::string> files;
};

TEST(DiffOutline, NamesEachFileOnceInItsOrder) {
  const std::vector<NamedDiff> table = {
      {"plain", kPatchA, {"fs/a.c"}},
      {"new", kPatchNew, {"fs/new.c"}},
      {"removed", "--- a/fs/b.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-b1\n", {"fs/b.c"}},
      {"several", std::string(kPatchB) + kPatchA + kPatchA2, {"fs/b.c", "fs/a.c"}},
      {"with a time", "--- a/x\t2020-01-01 00:00:00\n+++ b/x\t2020-01-01 00:00:00\n@@ -1 +1 @@\n-1\n+2\n", {"x"}},
      {"mode only", "diff --git a/s/run b/s/run\nold mode 100644\nnew mode 100755\n", {"s/run"}},
      {"a name with a blank", "diff --git a/a b b/a b\nold mode 100644\nnew mode 100755\n", {"a b"}},
      {"renamed", "diff --git a/x.c b/y.c\nsimilarity index 100%\nrename from x.c\nrename to y.c\n", {"x.c", "y.c"}},
      {"quoted", "--- /dev/null\n+++ \"b/\\303\\274\\t\\\".c\"\n@@ -0,0 +1 @@\n+1\n", {"\u00fc\t\".c"}},
      {"quoted, mode only", "diff --git \"a/\\303\\274\" \"b/\\303\\274\"\nnew mode 100755\n", {"\u00fc"}},
      {"binary", "diff --git a/x b/x\nindex 1..2\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n\n", {"x"}},
      {"lines that look like heads", "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- a/no\n-- a\n+++ b/no\n+++ b/n\n", {"x"}},
      {"line ends of another system", "--- a/x\r\n+++ b/x\r\n@@ -1 +1 @@\r\n-1\r\n+2\r\n", {"x"}},
      {"a head that git passes by", "diff --git a/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n", {"x"}},
      {"prose", "Before:\n--- what\nwas\n+++ this\n", {}},
      {"nothing", "", {}},
      {"no line end", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2", {"x"}},
  };
  for (const NamedDiff& row : table) {
    const DiffOutline outline = outlineOf(row.text);
    EXPECT_EQ(outline.files, row.files) << row.why;
    EXPECT_FALSE(outline.cut) << row.why;
    EXPECT_EQ(outline.begin == std::string::npos, row.files.empty()) << row.why;
  }
}

TEST(DiffOutline, BeginsBehindTheMessage) {
  const std::string message = "Why.\n---\n fs/a.c | 2 +-\n\n";
  EXPECT_EQ(outlineOf(message + kPatchNew).begin, message.size());
  EXPECT_EQ(outlineOf(message + "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n").begin, message.size());
}

TEST(DiffOutline, SaysThatAHunkIsNotWholeWhereverItIsCut) {
  const std::string head = "--- a/fs/a.c\n+++ b/fs/a.c\n@@ -1,3 +1,3 @@\n";
  const std::string body = " a1\n-a2\n+A2\n a3\n";
  for (std::size_t size = 0; size + 3 < body.size(); ++size)
    EXPECT_TRUE(outlineOf(head + body.substr(0, size)).cut) << size;
  EXPECT_FALSE(outlineOf(head + body + "-- \n2.39.5\n").cut);
  EXPECT_TRUE(outlineOf(head + " a1\nprose\n" + body).cut);
  EXPECT_TRUE(outlineOf(head + "-a1\n-a2\n-a3\n-a4\n").cut);
}

TEST(DiffOutline, TakesTheEmptyLineThatAMailerMadeOfABlankOne) {
  EXPECT_FALSE(outlineOf("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n\n-1\n+2\n").cut);
}

TEST(HunkHeader, IsReadWholeOrNotAtAll) {
  const auto hunk = hunkHeader("@@ -12,3 +14 @@ static int f(void)");
  ASSERT_TRUE(hunk);
  EXPECT_EQ(hunk->oldStart, 12);
  EXPECT_EQ(hunk->oldLines, 3);
  EXPECT_EQ(hunk->newLines, 1);
  for (const char* line : {"", "@@", "@@ -1", "@@ -1,3 +1,3", "@@ -1,-3 +1,3 @@", "@@ -x +1 @@", "@@@ -1 -1 +1 @@@",
                           "@@ -99999999999999999999 +1 @@"})
    EXPECT_FALSE(hunkHeader(line)) << line;
}

TEST(LeadsOut, IsAskedOfAPathsOwnWords) {
  for (const char* path : {"", "..", "../x", "a/../x", "a/..", "/etc/passwd"}) EXPECT_TRUE(leadsOut(path)) << path;
  EXPECT_TRUE(leadsOut(std::string_view("a\0b", 3)));
  for (const char* path : {"a", "a/b", "..a", "a..", "a/...", "a//b"}) EXPECT_FALSE(leadsOut(path)) << path;
}

}  // namespace
}  // namespace relapse::kernel
