// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/patching.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <map>

#include "fixture.hpp"
#include "kernel/hash.hpp"

namespace relapse::kernel {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Patching : public FolderTest {
 protected:
  Patching() : tree_(root() / "copy") { makeFakeKernel(tree_.source()); }

  static Patch patch(const std::string& name, const std::string& content) {
    return {"series/" + name, content, sha256(content)};
  }
  std::string content(const std::string& path) const { return readFileIfThere(tree_.source() / path); }

  // Whether each file was written since age().
  std::map<std::string, bool> written() const {
    std::map<std::string, bool> result;
    for (const auto& entry : fs::recursive_directory_iterator(tree_.source()))
      if (entry.is_regular_file())
        result[entry.path().lexically_relative(tree_.source())] = entry.last_write_time() != old();
    return result;
  }
  void age() {
    for (const auto& entry : fs::recursive_directory_iterator(tree_.source()))
      if (entry.is_regular_file()) fs::last_write_time(entry.path(), old());
  }
  std::vector<std::string> writtenFiles() const {
    std::vector<std::string> files;
    for (const auto& [path, is] : written())
      if (is) files.push_back(path);
    return files;
  }
  static fs::file_time_type old() {
    static const auto kYesterday = fs::file_time_type::clock::now() - std::chrono::hours(24);
    return kYesterday;
  }

  std::string failureOf(const std::vector<Patch>& patches) {
    const auto uses = putOn(patches, tree_);
    if (uses) return "no failure";
    EXPECT_EQ(uses.error().kind, FailureKind::BadInput);
    return uses.error().message;
  }

  PatchedTree tree_;
};

TEST_F(Patching, AppliesOneAfterTheOther) {
  const auto uses = putOn({patch("1", kPatchA), patch("2", kPatchA2), patch("3", kPatchNew)}, tree_);
  ASSERT_TRUE(uses) << uses.error().message;
  EXPECT_TRUE(content("fs/a.c").starts_with("a1\nA2\nmore\na3\n"));
  EXPECT_EQ(content("fs/new.c"), "new\n");
  ASSERT_EQ(uses->size(), 3u);
  EXPECT_FALSE(uses->at(0).alreadyInSource);
  EXPECT_EQ(uses->at(1).sha256, sha256(kPatchA2));
}

TEST_F(Patching, ASecondSeriesWritesOnlyWhatDiffers) {
  ASSERT_TRUE(putOn({patch("1", kPatchA), patch("2", kPatchB)}, tree_));
  age();
  ASSERT_TRUE(putOn({patch("1", kPatchA), patch("3", kPatchNew)}, tree_));
  EXPECT_THAT(writtenFiles(), ElementsAre("fs/b.c", "fs/new.c"));
  EXPECT_EQ(content("fs/b.c"), "b1\nb2\nb3\n");
}

TEST_F(Patching, TheSameSeriesAgainWritesNothing) {
  ASSERT_TRUE(putOn({patch("1", kPatchA), patch("2", kPatchNew)}, tree_));
  age();
  ASSERT_TRUE(putOn({patch("1", kPatchA), patch("2", kPatchNew)}, tree_));
  EXPECT_THAT(writtenFiles(), IsEmpty());
}

TEST_F(Patching, ThereAndBackGivesTheSameContentAndAFreshTimeForWhatChanged) {
  const std::string pristine = content("fs/a.c");
  ASSERT_TRUE(putOn({patch("1", kPatchA)}, tree_));
  const std::string patched = content("fs/a.c");
  ASSERT_TRUE(putOn({patch("2", kPatchB)}, tree_));
  EXPECT_EQ(content("fs/a.c"), pristine);
  age();
  ASSERT_TRUE(putOn({patch("1", kPatchA)}, tree_));
  EXPECT_EQ(content("fs/a.c"), patched);
  EXPECT_THAT(writtenFiles(), ElementsAre("fs/a.c", "fs/b.c"));
}

TEST_F(Patching, WithoutPatchesTheSourceIsPristineAgain) {
  ASSERT_TRUE(putOn({patch("1", kPatchA), patch("2", kPatchNew)}, tree_));
  ASSERT_TRUE(putOn({}, tree_));
  EXPECT_TRUE(content("fs/a.c").starts_with("a1\na2\n"));
  EXPECT_FALSE(fs::exists(tree_.source() / "fs/new.c"));
  EXPECT_THAT(tree_.patched(), IsEmpty());
}

TEST_F(Patching, SkipsAndReportsWhatIsInTheSourceAlready) {
  writeFile(tree_.source() / "fs/b.c", "b1\nB2\nb3\n");
  const auto uses = putOn({patch("1", kPatchB), patch("2", kPatchA)}, tree_);
  ASSERT_TRUE(uses) << uses.error().message;
  EXPECT_TRUE(uses->at(0).alreadyInSource);
  EXPECT_FALSE(uses->at(1).alreadyInSource);
  EXPECT_THAT(tree_.patched(), ElementsAre("fs/a.c"));
}

TEST_F(Patching, NamesPatchFileAndHunkThatDoesNotApply) {
  const std::string two =
      "--- a/fs/a.c\n+++ b/fs/a.c\n@@ -1,3 +1,3 @@\n a1\n-a2\n+A2\n a3\n@@ -12,3 +12,3 @@\n a12\n-wrong\n+A13\n a14\n";
  EXPECT_EQ(failureOf({patch("0002-b.patch", two)}), "series/0002-b.patch: hunk #2 does not apply to fs/a.c (line 12)");
}

TEST_F(Patching, APatchThatDoesNotApplyLeavesTheTreeAsItWas) {
  ASSERT_TRUE(putOn({patch("1", kPatchB)}, tree_));
  age();
  failureOf(
      {patch("1", kPatchA), patch("2", kPatchA2), patch("3", "--- a/fs/c.c\n+++ b/fs/c.c\n@@ -1 +1 @@\n-x\n+y\n")});
  EXPECT_THAT(writtenFiles(), IsEmpty());
  EXPECT_EQ(content("fs/b.c"), "b1\nB2\nb3\n");
}

TEST_F(Patching, NamesAFileThatIsNotInTheSource) {
  EXPECT_EQ(failureOf({patch("1", "--- a/fs/none.c\n+++ b/fs/none.c\n@@ -1 +1 @@\n-x\n+y\n")}),
            "series/1: fs/none.c is not in the source");
}

TEST_F(Patching, NamesAFileThatIsThereAlready) {
  EXPECT_EQ(failureOf({patch("1", "--- /dev/null\n+++ b/fs/c.c\n@@ -0,0 +1 @@\n+x\n")}),
            "series/1: fs/c.c is in the source already");
}

TEST_F(Patching, RefusesWhatIsNoPatch) {
  EXPECT_THAT(failureOf({patch("1", "hello\n")}), HasSubstr("series/1: it cannot be applied"));
}

TEST_F(Patching, RefusesPathsThatLeadOut) {
  for (const std::string path : {"../../out", "fs/../../../out", "/tmp/out"}) {
    const std::string text = "--- /dev/null\n+++ b/" + path + "\n@@ -0,0 +1 @@\n+x\n";
    EXPECT_THAT(failureOf({patch("1", text)}), HasSubstr("series/1: ")) << path;
  }
  EXPECT_FALSE(fs::exists(root() / "out"));
}

TEST_F(Patching, RefusesToWriteThroughALinkOfTheSource) {
  fs::create_directories(root() / "outside");
  fs::create_directory_symlink(root() / "outside", tree_.source() / "link");
  EXPECT_THAT(failureOf({patch("1", "--- /dev/null\n+++ b/link/x\n@@ -0,0 +1 @@\n+x\n")}),
              HasSubstr("\"link/x\" in it leads out of the source"));
  EXPECT_THAT(fs::directory_iterator(root() / "outside"), fs::directory_iterator());
}

TEST_F(Patching, RefusesToWriteThroughALinkOfItsOwn) {
  const std::string link = "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+" +
                           root().string() + "\n\\ No newline at end of file\n";
  failureOf({patch("1", link), patch("2", "--- /dev/null\n+++ b/l/x\n@@ -0,0 +1 @@\n+x\n")});
  EXPECT_FALSE(fs::exists(root() / "x"));
}

// A patch that makes a link.
std::string linking(const std::string& path, const std::string& target) {
  return "diff --git a/" + path + " b/" + path + "\nnew file mode 120000\n--- /dev/null\n+++ b/" + path +
         "\n@@ -0,0 +1 @@\n+" + target + "\n\\ No newline at end of file\n";
}

TEST_F(Patching, RefusesLinksThatLeadOut) {
  for (const std::string target : {"/etc/shadow", "../../x", "../..", "a/../../../x", "a/..", ".git/config"}) {
    EXPECT_THAT(failureOf({patch("1", linking("fs/l", target))}),
                AllOf(HasSubstr("series/1: "), HasSubstr("\"fs/l\" is a link that leads out of it")))
        << target;
    EXPECT_FALSE(fs::exists(fs::symlink_status(tree_.source() / "fs/l"))) << target;
  }
}

TEST_F(Patching, RefusesLinksThatLeadOutWhereAFileBecomesOne) {
  const std::string change =
      "diff --git a/fs/b.c b/fs/b.c\ndeleted file mode 100644\n--- a/fs/b.c\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-b1\n"
      "-b2\n-b3\n" +
      linking("fs/b.c", "/etc/shadow");
  EXPECT_THAT(failureOf({patch("1", change)}), HasSubstr("series/1: "));
  EXPECT_EQ(content("fs/b.c"), "b1\nb2\nb3\n");
}

TEST_F(Patching, KeepsLinksThatStayInTheSource) {
  for (const std::string target : {"a.c", "../fs/a.c", "../Makefile"}) {
    const auto uses = putOn({patch("1", linking("fs/l", target))}, tree_);
    ASSERT_TRUE(uses) << uses.error().message;
    EXPECT_EQ(fs::read_symlink(tree_.source() / "fs/l"), target);
  }
}

TEST_F(Patching, RefusesARepositorysOwnFiles) {
  for (const std::string path : {".git/config", "fs/.git/hooks/post-checkout", ".GIT/config", ".git"}) {
    const std::string text = "--- /dev/null\n+++ b/" + path + "\n@@ -0,0 +1 @@\n+x\n";
    EXPECT_THAT(failureOf({patch("1", text)}), HasSubstr("series/1: ")) << path;
    EXPECT_FALSE(fs::exists(tree_.source() / path)) << path;
  }
}

TEST_F(Patching, RefusesRenamesAndCopiesThatLeadOut) {
  for (const std::string verb : {"rename", "copy"})
    for (const auto& [from, to] : {std::pair<std::string, std::string>{"fs/c.c", "../out"},
                                   {"../out", "fs/x.c"},
                                   {"/etc/passwd", "fs/x.c"},
                                   {"fs/c.c", "/tmp/hostile-out"}}) {
      const std::string text = "diff --git a/" + from + " b/" + to + "\nsimilarity index 100%\n" + verb + " from " +
                               from + "\n" + verb + " to " + to + "\n";
      EXPECT_THAT(failureOf({patch("1", text)}), HasSubstr("series/1: ")) << text;
    }
  EXPECT_FALSE(fs::exists("/tmp/hostile-out"));
}

TEST_F(Patching, RefusesASubmodule) {
  const std::string text =
      "diff --git a/sub b/sub\nnew file mode 160000\nindex 0000000..1111111\n--- /dev/null\n+++ b/sub\n@@ -0,0 +1 @@\n"
      "+Subproject commit 1111111111111111111111111111111111111111\n";
  EXPECT_THAT(failureOf({patch("1", text)}), HasSubstr("series/1: expected files"));
}

TEST_F(Patching, RemovesAndRenamesFiles) {
  const std::string moved =
      "diff --git a/fs/c.c b/fs/d.c\nsimilarity index 100%\nrename from fs/c.c\nrename to fs/d.c\n";
  const std::string gone = "--- a/fs/b.c\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-b1\n-b2\n-b3\n";
  const auto uses = putOn({patch("1", moved), patch("2", gone)}, tree_);
  ASSERT_TRUE(uses) << uses.error().message;
  EXPECT_FALSE(fs::exists(tree_.source() / "fs/c.c"));
  EXPECT_FALSE(fs::exists(tree_.source() / "fs/b.c"));
  EXPECT_EQ(content("fs/d.c"), "c1\n");
  ASSERT_TRUE(putOn({}, tree_));
  EXPECT_EQ(content("fs/b.c"), "b1\nb2\nb3\n");
  EXPECT_FALSE(fs::exists(tree_.source() / "fs/d.c"));
}

TEST_F(Patching, ACrashAfterTheOriginalWasSavedIsMadeGood) {
  // As a run leaves it that was killed between saving the original and writing the file.
  copyOver(tree_.source() / "fs/b.c", tree_.home() / "originals/files/fs/b.c");
  writeFile(tree_.home() / "originals/files/fs/.new-1-0-c.c", "cut");
  ASSERT_TRUE(putOn({patch("1", kPatchA)}, tree_));
  EXPECT_EQ(content("fs/b.c"), "b1\nb2\nb3\n");
  EXPECT_THAT(tree_.patched(), ElementsAre("fs/a.c"));
}

TEST_F(Patching, ARepositoryAroundTheCacheDoesNotInterfere) {
  fs::create_directories(root() / ".git");
  writeFile(root() / ".git/HEAD", "ref: refs/heads/main\n");
  fs::create_directories(root() / ".git/objects");
  fs::create_directories(root() / ".git/refs");
  const auto uses = putOn({patch("1", kPatchA)}, tree_);
  ASSERT_TRUE(uses) << uses.error().message;
  EXPECT_TRUE(content("fs/a.c").starts_with("a1\nA2\n"));
}

TEST_F(Patching, ExecutableBitsAreKept) {
  writeFile(tree_.source() / "scripts/run", "one\n");
  fs::permissions(tree_.source() / "scripts/run", fs::perms(0755));
  ASSERT_TRUE(putOn({patch("1", "--- a/scripts/run\n+++ b/scripts/run\n@@ -1 +1 @@\n-one\n+two\n")}, tree_));
  EXPECT_EQ(content("scripts/run"), "two\n");
  EXPECT_NE(fs::status(tree_.source() / "scripts/run").permissions() & fs::perms::owner_exec, fs::perms::none);
}

class Series : public FolderTest {};

TEST_F(Series, IsReadInItsOrderWithCommentsAndOptions) {
  write("series/x/6.1/series", "# first\nb.patch -p1\n\n  a.patch # why\n../../base/6.1/c.patch\n");
  write("series/x/6.1/a.patch", "a");
  write("series/x/6.1/b.patch", "b");
  write("series/base/6.1/c.patch", "c");
  const auto patches = readSeries(root() / "series/x", "6.1");
  ASSERT_TRUE(patches) << patches.error().message;
  ASSERT_EQ(patches->size(), 3u);
  EXPECT_EQ(patches->at(0).content, "b");
  EXPECT_EQ(patches->at(1).content, "a");
  EXPECT_EQ(patches->at(2).content, "c");
  EXPECT_EQ(patches->at(2).file, root() / "series/base/6.1/c.patch");
}

TEST_F(Series, WithoutAFolderForTheLineNamesTheLineAndWhatThereIs) {
  write("series/x/4.19/series", "");
  write("series/x/6.1/series", "");
  const auto patches = readSeries(root() / "series/x", "5.10");
  ASSERT_FALSE(patches);
  EXPECT_EQ(patches.error().kind, FailureKind::BadInput);
  EXPECT_THAT(patches.error().message, AllOf(HasSubstr("line 5.10"), HasSubstr("4.19, 6.1")));
}

TEST_F(Series, ItsLinksMayNotLeadOutOfTheFolderOfSeries) {
  write("secret", "root:x:0:0\n");
  write("series/x/6.1/series", "a.patch\n");
  fs::create_symlink(root() / "secret", root() / "series/x/6.1/a.patch");
  fs::create_directories(root() / "series/x/4.19");
  fs::create_symlink(root() / "secret", root() / "series/x/4.19/series");
  fs::create_directories(root() / "away");
  write("away/series", "");
  fs::create_directory_symlink(root() / "away", root() / "series/x/5.10");
  for (const std::string line : {"6.1", "4.19", "5.10"}) {
    const auto patches = readSeries(root() / "series/x", line);
    ASSERT_FALSE(patches) << line;
    EXPECT_EQ(patches.error().kind, FailureKind::BadInput);
    EXPECT_THAT(patches.error().message, AllOf(HasSubstr("leads out"), testing::Not(HasSubstr("root:x")))) << line;
  }
}

TEST_F(Series, APatchThatIsAPipeOrADeviceIsRefusedAtOnce) {
  write("series/x/6.1/series", "a.patch\n");
  ASSERT_EQ(::mkfifo((root() / "series/x/6.1/a.patch").c_str(), 0600), 0);
  const auto patches = readSeries(root() / "series/x", "6.1");
  ASSERT_FALSE(patches);
  EXPECT_THAT(patches.error().message, HasSubstr("expected a file, found a folder, a pipe or a device"));
  EXPECT_FALSE(readPatch("/dev/zero"));
}

TEST_F(Series, APatchThatIsTooLargeIsRefused) {
  write("series/x/6.1/series", "a.patch\n");
  write("series/x/6.1/a.patch", "");
  fs::resize_file(root() / "series/x/6.1/a.patch", (64u << 20) + 1);
  const auto patches = readSeries(root() / "series/x", "6.1");
  ASSERT_FALSE(patches);
  EXPECT_THAT(patches.error().message, HasSubstr("expected at most 67108864 bytes"));
}

TEST_F(Series, MayNotLeadOutOfTheFolderOfSeries) {
  write("secret", "x");
  write("series/x/6.1/series", "a.patch\n../../../secret\n");
  write("series/x/6.1/a.patch", "a");
  const auto patches = readSeries(root() / "series/x", "6.1");
  ASSERT_FALSE(patches);
  EXPECT_THAT(patches.error().message, AllOf(HasSubstr("6.1/series:2: "), HasSubstr("leads out")));
}

TEST_F(Series, NamesTheLineOfAPatchThatIsMissingOrHasAnOption) {
  write("series/x/6.1/series", "\nnone.patch\n");
  const auto missing = readSeries(root() / "series/x", "6.1");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, AllOf(HasSubstr("6.1/series:2: "), HasSubstr("none.patch")));
  write("series/x/6.1/series", "none.patch -p0\n");
  const auto option = readSeries(root() / "series/x", "6.1");
  ASSERT_FALSE(option);
  EXPECT_THAT(option.error().message,
              HasSubstr("6.1/series:1: expected nothing or -p1 after the patch, found \"-p0\""));
}

}  // namespace
}  // namespace relapse::kernel
