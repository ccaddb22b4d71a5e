// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/mirror.hpp"

#include <gmock/gmock.h>

#include <map>

#include "fixture.hpp"
#include "kernel/hash.hpp"
#include "process/process.hpp"

namespace relapse::kernel {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ListTree : public FolderTest {
 protected:
  std::vector<std::string> names() {
    const auto listing = listTree(root() / "tree", root() / "index");
    EXPECT_TRUE(listing) << listing.error().message;
    std::vector<std::string> paths;
    for (const ListedFile& file : *listing) paths.push_back(file.path);
    return paths;
  }
  void git(std::vector<std::string> words) {
    words.insert(words.begin(), {"git", "-C", (root() / "tree").string(), "-c", "user.name=a", "-c", "user.email=a@b"});
    const auto done = process::runChecked({.argv = words});
    EXPECT_TRUE(done) << done.error().message;
  }
};

TEST_F(ListTree, WithoutGitLeavesBuildProductsOut) {
  for (const char* path : {"Makefile",
                           "fs/a.c",
                           "fs/a.o",
                           "fs/.a.o.cmd",
                           ".config",
                           "include/config/auto.conf",
                           "include/generated/x.h",
                           "arch/arm64/include/generated/asm/x.h",
                           "vmlinux",
                           "vmlinux.o",
                           "System.map",
                           "Module.symvers",
                           "fs/nfs.ko",
                           "fs/nfs.mod.c",
                           "modules.order",
                           "include/linux/config.h",
                           "arch/arm64/kernel/vmlinux.lds",
                           "arch/arm64/kernel/vmlinux.lds.S",
                           "scripts/kconfig/zconf.y",
                           "scripts/kconfig/zconf.tab.c",
                           "scripts/kconfig/zconf.lex.c",
                           "scripts/kconfig/zconf.l",
                           "scripts/other.tab.c",
                           "arch/arm64/kernel/module.lds"})
    write(std::string("tree/") + path, "x");
  EXPECT_THAT(names(), ElementsAre("Makefile", "arch/arm64/kernel/module.lds", "arch/arm64/kernel/vmlinux.lds.S",
                                   "fs/a.c", "include/linux/config.h", "scripts/kconfig/zconf.l",
                                   "scripts/kconfig/zconf.y", "scripts/other.tab.c"));
}

TEST_F(ListTree, LeavesBuiltToolsOutAndKeepsScripts) {
  for (const char* path : {"tree/scripts/fixdep", "tree/scripts/run"}) {
    write(path, std::string(path).ends_with("run") ? "#!/bin/sh" : "\177ELF...");
    fs::permissions(root() / path, fs::perms(0755));
  }
  EXPECT_THAT(names(), ElementsAre("scripts/run"));
}

TEST_F(ListTree, WithGitHoldsWhatIsTrackedOrWouldBeAdded) {
  write("tree/.gitignore", "*.o\n*.tmp\n");
  write("tree/fs/a.c", "a");
  write("tree/fs/removed.c", "a");
  write("tree/blob.ko", "tracked though it looks built");
  fs::create_directories(root() / "tree");
  git({"init", "-q"});
  git({"add", "."});
  git({"commit", "-q", "-m", "one"});
  write("tree/fs/a.c", "dirty");
  write("tree/fs/new.c", "a");
  write("tree/fs/a.o", "a");
  write("tree/x.tmp", "a");
  write("tree/Module.symvers", "a");
  fs::remove(root() / "tree/fs/removed.c");
  EXPECT_THAT(names(), ElementsAre(".gitignore", "blob.ko", "fs/a.c", "fs/new.c"));
}

TEST_F(ListTree, ReadsAgainOnlyWhatChanged) {
  const auto later = std::chrono::system_clock::now() + std::chrono::minutes(1);
  const auto list = [&] { return *listTree(root() / "tree", root() / "index", {}, later); };
  write("tree/a", "one");
  write("tree/b", "two");
  list();
  // A false hash in the index is believed as long as the file's stat is the same.
  std::string index = readFile(root() / "index");
  const std::string honest = sha256("one"), lie = sha256("lie");
  index.replace(index.find(honest), honest.size(), lie);
  writeFile(root() / "index", index);
  EXPECT_EQ(list().at(0).content, lie);
  write("tree/a", "ONE");
  EXPECT_EQ(list().at(0).content, sha256("ONE"));
}

TEST_F(ListTree, DoesNotRememberFilesThatChangedJustNow) {
  write("tree/a", "one");
  ASSERT_THAT(names(), ElementsAre("a"));
  EXPECT_EQ(readFileIfThere(root() / "index").find(sha256("one")), std::string::npos);
}

TEST_F(ListTree, TellsContentsKindsAndLinksApart) {
  write("tree/a", "one");
  const auto before = fingerprint(*listTree(root() / "tree", root() / "index"));
  EXPECT_EQ(fingerprint(*listTree(root() / "tree", root() / "index")), before);
  write("tree/a", "two");
  const auto changed = fingerprint(*listTree(root() / "tree", root() / "index"));
  EXPECT_NE(changed, before);
  fs::permissions(root() / "tree/a", fs::perms(0755));
  const auto executable = fingerprint(*listTree(root() / "tree", root() / "index"));
  EXPECT_NE(executable, changed);
  fs::remove(root() / "tree/a");
  fs::create_symlink("two", root() / "tree/a");
  EXPECT_NE(fingerprint(*listTree(root() / "tree", root() / "index")), executable);
}

TEST_F(ListTree, TakesDanglingLinksAsTheyAre) {
  fs::create_directories(root() / "tree");
  fs::create_symlink("/nowhere", root() / "tree/link");
  const auto listing = listTree(root() / "tree", root() / "index");
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->at(0).kind, 'l');
}

// A source of plain files: path -> content.
class Mirror : public FolderTest {
 protected:
  Mirror() : tree_(root() / "copy") {}

  Result<void> mirrorOf(const std::map<std::string, std::string>& files) {
    Listing listing;
    for (const auto& [path, content] : files) listing.push_back({path, '-', sha256(content)});
    supplied_.clear();
    return mirror(listing, tree_, [&](const std::vector<ListedFile>& wanted, const fs::path& folder) -> Result<void> {
      for (const ListedFile& file : wanted) {
        if (file.path == failing_) return fail(FailureKind::Cancelled, "cancelled");
        supplied_.push_back(file.path);
        writeFile(folder / file.path, files.at(file.path));
      }
      return {};
    });
  }
  std::string content(const std::string& path) const { return readFileIfThere(tree_.source() / path); }

  PatchedTree tree_;
  std::vector<std::string> supplied_;
  std::string failing_;
};

TEST_F(Mirror, BringsOnlyWhatDiffers) {
  ASSERT_TRUE(mirrorOf({{"a", "1"}, {"d/b", "2"}, {"d/c", "3"}}));
  EXPECT_THAT(supplied_, ElementsAre("a", "d/b", "d/c"));
  ASSERT_TRUE(mirrorOf({{"a", "1"}, {"d/b", "two"}, {"new", "4"}}));
  EXPECT_THAT(supplied_, ElementsAre("d/b", "new"));
  EXPECT_EQ(content("d/b"), "two");
  EXPECT_EQ(content("new"), "4");
  EXPECT_FALSE(fs::exists(tree_.source() / "d/c"));
  ASSERT_TRUE(mirrorOf({{"a", "1"}, {"d/b", "two"}, {"new", "4"}}));
  EXPECT_THAT(supplied_, IsEmpty());
}

TEST_F(Mirror, AFileBecomesAFolderAndBack) {
  ASSERT_TRUE(mirrorOf({{"a", "1"}}));
  ASSERT_TRUE(mirrorOf({{"a/b", "2"}}));
  EXPECT_EQ(content("a/b"), "2");
  ASSERT_TRUE(mirrorOf({{"a", "3"}}));
  EXPECT_EQ(content("a"), "3");
}

TEST_F(Mirror, APatchedFileGetsItsNewPristineVersionBesideThePatchedOne) {
  ASSERT_TRUE(mirrorOf({{"a", "1"}, {"b", "1"}}));
  tree_.put("a", write("patched", "patched"));
  tree_.put("new", write("patched", "patched"));
  ASSERT_TRUE(mirrorOf({{"a", "2"}, {"b", "1"}, {"new", "now there"}}));
  EXPECT_EQ(content("a"), "patched");
  tree_.restore("a");
  tree_.restore("new");
  EXPECT_EQ(content("a"), "2");
  EXPECT_EQ(content("new"), "now there");
}

TEST_F(Mirror, APatchedFileThatTheSourceDropsGoesWithThePatch) {
  ASSERT_TRUE(mirrorOf({{"a", "1"}, {"b", "1"}}));
  tree_.put("a", write("patched", "patched"));
  ASSERT_TRUE(mirrorOf({{"b", "1"}}));
  tree_.restore("a");
  EXPECT_FALSE(fs::exists(tree_.source() / "a"));
}

TEST_F(Mirror, ThatWasCutIsCompletedThoughTheSourceWentBack) {
  ASSERT_TRUE(mirrorOf({{"a", "1"}, {"b", "1"}}));
  failing_ = "b";
  ASSERT_FALSE(mirrorOf({{"a", "2"}, {"b", "2"}, {"c", "2"}}));
  writeFile(tree_.source() / "a", "2");  // as far as it may have got
  writeFile(tree_.source() / "c", "2");
  failing_ = "";
  ASSERT_TRUE(mirrorOf({{"a", "1"}, {"b", "1"}}));
  EXPECT_EQ(content("a"), "1");
  EXPECT_FALSE(fs::exists(tree_.source() / "c"));
}

}  // namespace
}  // namespace relapse::kernel
