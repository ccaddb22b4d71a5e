// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/archive.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"
#include "process/process.hpp"

namespace relapse::kernel {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Archive : public FolderTest {
 protected:
  Archive() { fs::create_directories(root() / "out"); }

  // tar in `folder`, with names as they are given.
  fs::path tar(std::vector<std::string> words) {
    words.insert(words.begin(), {"tar", "-C", (root() / "in").string(), "-P", "-caf", (root() / "a.tar.gz").string()});
    EXPECT_TRUE(process::runChecked({.argv = words}));
    return root() / "a.tar.gz";
  }
  std::string failure(const fs::path& archive) {
    const auto unpacked = unpackArchive(archive, root() / "out");
    return unpacked ? "no failure" : unpacked.error().message;
  }
};

TEST_F(Archive, GivesFilesLinksAndExecutableBits) {
  write("in/top/plain", "text");
  write("in/top/run", "#!/bin/sh\n");
  fs::permissions(root() / "in/top/run", fs::perms(0755));
  fs::create_symlink("plain", root() / "in/top/link");
  fs::create_hard_link(root() / "in/top/plain", root() / "in/top/hard");
  const auto unpacked = unpackArchive(tar({"top"}), root() / "out");
  ASSERT_TRUE(unpacked) << unpacked.error().message;
  EXPECT_EQ(readFile(root() / "out/top/plain"), "text");
  EXPECT_EQ(readFile(root() / "out/top/hard"), "text");
  EXPECT_EQ(fs::read_symlink(root() / "out/top/link"), "plain");
  EXPECT_NE(fs::status(root() / "out/top/run").permissions() & fs::perms::owner_exec, fs::perms::none);
  EXPECT_EQ(fs::status(root() / "out/top/plain").permissions() & fs::perms::owner_exec, fs::perms::none);
}

TEST_F(Archive, WithAPathThatLeadsOutIsRefused) {
  write("in/x", "x");
  EXPECT_THAT(failure(tar({"--transform=s,^,../,", "x"})), HasSubstr("\"../x\" in it leads out"));
  EXPECT_FALSE(fs::exists(root() / "x"));
  const std::string absolute = (root() / "absolute").string();
  EXPECT_THAT(failure(tar({"--transform=s,x," + absolute + ",", "x"})), HasSubstr("leads out"));
  EXPECT_FALSE(fs::exists(absolute));
}

TEST_F(Archive, ThatWritesThroughItsOwnLinkIsRefused) {
  fs::create_directories(root() / "outside");
  fs::create_directories(root() / "in");
  fs::create_symlink(root() / "outside", root() / "in/link");
  write("in/x", "x");
  failure(tar({"link", "--transform=s,^x,link/x,", "x"}));
  EXPECT_FALSE(fs::exists(root() / "outside/x"));
}

TEST_F(Archive, ThatIsNoneOrIsCutIsBadInput) {
  const auto none = unpackArchive(write("none.tar", "hello, this is no archive"), root() / "out");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, FailureKind::BadInput);
  write("in/big", std::string(100'000, 'x') + std::to_string(::getpid()));
  const fs::path whole = tar({"big"});
  fs::resize_file(whole, fs::file_size(whole) / 2);
  const auto cut = unpackArchive(whole, root() / "out");
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind, FailureKind::BadInput);
}

TEST_F(Archive, StopRequestIsCancelled) {
  write("in/x", "x");
  std::stop_source source;
  source.request_stop();
  const auto unpacked = unpackArchive(tar({"x"}), root() / "out", {.stop = source.get_token()});
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().kind, FailureKind::Cancelled);
}

}  // namespace
}  // namespace relapse::kernel
