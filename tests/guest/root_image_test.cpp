// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/root_image.hpp"

#include <gmock/gmock.h>

#include "archive_listing.hpp"
#include "process/process.hpp"

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;
using testing::Not;
using testing::StartsWith;

// A repository of the test's own with one package; apt is pointed at it through APT_CONFIG.
class RootImageOf : public FolderTest {
 protected:
  void SetUp() override {
    if (!process::findProgram("apt-get") || !process::findProgram("dpkg-deb"))
      GTEST_SKIP() << "skipped: no apt-get here";
    write("sources.list", "deb [trusted=yes] file:" + (root() / "repository").string() + " ./\n");
    const fs::path settings = write("apt.conf", "Dir::Etc::sourcelist \"" + (root() / "sources.list").string() +
                                                    "\";\nDir::Etc::sourceparts \"/dev/null\";\n");
    ::setenv("APT_CONFIG", settings.c_str(), 1);
    offerTool();
    recipe_ = {write("list.packages", "# a comment\ntool\n"),
               write("list.files", "/sbin/tool\n/usr/lib/libtool.so.1*  # its library\n"),
               {}};
  }
  void TearDown() override { ::unsetenv("APT_CONFIG"); }

  void offerTool() {
    const std::string control =
        "Package: tool\nVersion: 1\nArchitecture: arm64\nMaintainer: a <a@b.c>\nDescription: d\n";
    write("tree/DEBIAN/control", control);
    fs::permissions(write("tree/sbin/tool", "a tool"), fs::perms(0755));
    write("tree/usr/lib/libtool.so.1.5", "a library");
    fs::create_symlink("libtool.so.1.5", root() / "tree/usr/lib/libtool.so.1");
    write("tree/usr/share/doc/tool", "nobody asks for this");
    fs::create_directories(root() / "repository");
    const fs::path file = root() / "repository/tool_1_arm64.deb";
    ASSERT_TRUE(process::runChecked(
        {.argv = {"dpkg-deb", "--root-owner-group", "-b", (root() / "tree").string(), file.string()}}));
    const auto hash = process::runChecked({.argv = {"sha256sum", file.string()}});
    write("repository/Packages", control + "Filename: ./" + file.filename().string() +
                                     "\nSize: " + std::to_string(fs::file_size(file)) +
                                     "\nSHA256: " + hash->standardOutput.substr(0, 64) + "\n\n");
  }

  RootImage made() {
    auto image = makeRootImage(recipe_, root() / "cache");
    EXPECT_TRUE(image) << image.error().message;
    return image.value_or(RootImage{});
  }
  Failure failure() {
    auto image = makeRootImage(recipe_, root() / "cache");
    EXPECT_FALSE(image);
    return image ? Failure{} : image.error();
  }

  RootRecipe recipe_;
};

TEST_F(RootImageOf, APartHoldsTheListedFilesAndNothingElse) {
  auto members = listing(made().file);
  EXPECT_EQ(members["usr/sbin/tool"].content, "a tool");
  EXPECT_EQ(members["usr/sbin/tool"].mode, 0755u);
  EXPECT_EQ(members["usr/lib/libtool.so.1"].content, "libtool.so.1.5");
  EXPECT_EQ(members["usr/lib/libtool.so.1.5"].content, "a library");
  // The folders of a part lie below /usr: one in the place of the root's links would replace them.
  for (const auto& [name, member] : members) EXPECT_THAT(name, StartsWith("usr"));
  EXPECT_EQ(members.size(), 6u);  // with usr, usr/lib and usr/sbin
}

TEST_F(RootImageOf, AWholeRootHasItsFoldersLinksAndConsoleAsWell) {
  write("overlay/init", "#!/bin/sh\n");
  recipe_.overlay = root() / "overlay";
  auto members = listing(made().file);
  EXPECT_THAT(members, Contains(Key("dev/console")));
  EXPECT_THAT(members, Contains(Key("proc")));
  EXPECT_EQ(members["sbin"].content, "usr/sbin");
  EXPECT_EQ(members["usr/sbin/tool"].content, "a tool");
  EXPECT_EQ(members["init"].content, "#!/bin/sh\n");
}

TEST_F(RootImageOf, AnOverlayWithoutInitIsBadInput) {
  write("overlay/etc/hosts", "");
  recipe_.overlay = root() / "overlay";
  EXPECT_EQ(failure().kind, FailureKind::BadInput);
  EXPECT_THAT(failure().message, HasSubstr("expected /init"));
}

TEST_F(RootImageOf, ALineWithAnArrowIsALinkOfOurOwn) {
  write("list.files", "/sbin/tool\n/lib/libabsent.so.0 -> /relapse/stands-for-it.so\n");
  auto members = listing(made().file);
  EXPECT_EQ(members["usr/lib/libabsent.so.0"].content, "/relapse/stands-for-it.so");
  EXPECT_EQ(members["usr/lib/libabsent.so.0"].type, static_cast<unsigned>(AE_IFLNK));
  EXPECT_THAT(members, Contains(Key("usr/lib")));
}

TEST_F(RootImageOf, TheSameRecipeIsMadeOnceAndAnotherOneIsAnother) {
  const RootImage first = made();
  const auto time = fs::last_write_time(first.file);
  EXPECT_EQ(made().file, first.file);
  EXPECT_EQ(fs::last_write_time(first.file), time);
  write("list.files", "/sbin/tool\n/usr/lib/a -> /b\n");
  const RootImage second = made();
  EXPECT_NE(second.sha256Key, first.sha256Key);
  write("list.files", "/sbin/tool\n/usr/lib/a -> /c\n");
  EXPECT_NE(made().sha256Key, second.sha256Key);
  EXPECT_EQ(listing(second.file)["usr/lib/a"].content, "/b");
}

TEST_F(RootImageOf, ALineThatMatchesNothingIsBadInputThatNamesIt) {
  write("list.files", "/sbin/tool\n/sbin/spoon\n");
  EXPECT_EQ(failure().kind, FailureKind::BadInput);
  EXPECT_THAT(failure().message, HasSubstr("\"/sbin/spoon\" matches none"));
}

TEST_F(RootImageOf, ALineThatIsNoPathIsBadInputThatQuotesIt) {
  for (const char* line : {"sbin/tool", "/sbin/tool /sbin/other", "/a -> b", "/a -> ", "-> /b", "/a b -> /c"}) {
    write("list.files", std::string(line) + "\n");
    EXPECT_EQ(failure().kind, FailureKind::BadInput) << line;
    EXPECT_THAT(failure().message, HasSubstr("expected /PATH or /PATH -> /TARGET")) << line;
  }
}

TEST_F(RootImageOf, AMissingListIsBadInput) {
  fs::remove(recipe_.packages);
  EXPECT_EQ(failure().kind, FailureKind::BadInput);
  EXPECT_THAT(failure().message, HasSubstr("list.packages: cannot be read"));
}

}  // namespace
}  // namespace relapse::guest
