// SPDX-License-Identifier: GPL-2.0-or-later
#include "debian/packages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "debian/index.hpp"
#include "process/process.hpp"

namespace relapse::debian {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

void write(const fs::path& file, const std::string& content) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << content;
}

std::string read(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// A repository of the test's own in a folder; apt is pointed at it through APT_CONFIG.
class Packages : public testing::Test {
 protected:
  void SetUp() override {
    if (!process::findProgram("apt-get") || !process::findProgram("dpkg-deb"))
      GTEST_SKIP() << "skipped: no apt-get here";
    std::string pattern = testing::TempDir() + "/debian-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    write(root_ / "sources.list", "deb [trusted=yes] file:" + (root_ / "repository").string() + " ./\n");
    write(root_ / "apt.conf", "Dir::Etc::sourcelist \"" + (root_ / "sources.list").string() +
                                  "\";\nDir::Etc::sourceparts \"/dev/null\";\n");
    ::setenv("APT_CONFIG", (root_ / "apt.conf").c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("APT_CONFIG");
    if (!root_.empty()) fs::remove_all(root_);
  }

  void offer(const std::string& name, const std::string& version, const std::string& architecture = "arm64") {
    const fs::path tree = root_ / "tree" / name;
    write(tree / "DEBIAN/control", "Package: " + name + "\nVersion: " + version + "\nArchitecture: " + architecture +
                                       "\nMaintainer: a <a@b.c>\nDescription: d\n");
    write(tree / "DEBIAN/preinst", "#!/bin/sh\ntouch " + (root_ / "script-ran").string() + "\n");
    fs::permissions(tree / "DEBIAN/preinst", fs::perms(0755));
    write(tree / "usr/share" / name, name + " " + version);
    fs::create_directories(root_ / "repository");
    const fs::path file = root_ / "repository" / (name + "_" + version + "_" + architecture + ".deb");
    ASSERT_TRUE(process::runChecked({.argv = {"dpkg-deb", "--root-owner-group", "-b", tree.string(), file.string()}}));
    const auto hash = process::runChecked({.argv = {"sha256sum", file.string()}});
    std::ofstream(root_ / "repository/Packages", std::ios::app)
        << read(tree / "DEBIAN/control") << "Filename: ./" << file.filename().string()
        << "\nSize: " << fs::file_size(file) << "\nSHA256: " << hash->standardOutput.substr(0, 64) << "\n\n";
  }

  fs::path cache() const { return root_ / "cache"; }

  fs::path root_;
};

TEST_F(Packages, AreDownloadedThoughOneSourceIsUnreachable) {
  std::ofstream(root_ / "sources.list", std::ios::app) << "deb [trusted=yes] http://127.0.0.1:1/nothing ./\n";
  offer("one", "1.2-3");
  offer("both", "7", "all");
  const auto packages = download({"one", "both"}, cache());
  ASSERT_TRUE(packages) << packages.error().message;
  ASSERT_EQ(packages->size(), 2u);
  EXPECT_EQ(packages->at(0).name, "one");
  EXPECT_EQ(packages->at(0).version, "1.2-3");
  EXPECT_EQ(packages->at(1).name, "both");
  EXPECT_EQ(packages->at(0).sha256.size(), 64u);
  EXPECT_TRUE(fs::exists(packages->at(1).file));
}

TEST_F(Packages, InTheCacheNeedNoSource) {
  offer("one", "1");
  ASSERT_TRUE(download({"one"}, cache()));
  fs::remove_all(root_ / "repository");
  fs::remove_all(cache() / "apt/state");
  const auto again = download({"one"}, cache());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->at(0).version, "1");
}

TEST_F(Packages, RemovedFromTheCacheAreDownloadedAgain) {
  offer("one", "1");
  const auto first = download({"one"}, cache());
  ASSERT_TRUE(first);
  fs::remove(first->at(0).file);
  const auto again = download({"one"}, cache());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(fs::exists(again->at(0).file));
}

TEST_F(Packages, CutShortInTheCacheAreDownloadedAgain) {
  offer("one", "1");
  const auto first = download({"one"}, cache());
  ASSERT_TRUE(first);
  const auto size = fs::file_size(first->at(0).file);
  fs::resize_file(first->at(0).file, size / 2);
  const auto again = download({"one"}, cache());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(fs::file_size(again->at(0).file), size);
}

TEST_F(Packages, ThatNobodyHasAreNamed) {
  offer("one", "1");
  const auto packages = download({"one", "absent"}, cache());
  ASSERT_FALSE(packages);
  EXPECT_EQ(packages.error().kind, FailureKind::HostLacks);
  EXPECT_THAT(packages.error().message, HasSubstr("absent"));
}

TEST_F(Packages, OfAnotherArchitectureAreNotTaken) {
  offer("foreign", "1", "riscv64");
  EXPECT_FALSE(download({"foreign"}, cache()));
}

TEST_F(Packages, WithAWrongHashAreRefused) {
  offer("one", "1");
  std::ofstream(root_ / "repository/one_1_arm64.deb", std::ios::in | std::ios::out).seekp(100) << "damaged";
  const auto packages = download({"one"}, cache());
  ASSERT_FALSE(packages);
  EXPECT_EQ(packages.error().kind, FailureKind::HostLacks);
}

TEST_F(Packages, NewerOnTheMirrorThanInTheListsAreFoundByNewLists) {
  write(root_ / "sources.list", "deb [trusted=yes] copy:" + (root_ / "repository").string() + " ./\n");
  offer("other", "1");
  offer("one", "1");
  ASSERT_TRUE(download({"other"}, cache()));  // fetches the lists
  fs::remove(root_ / "repository/one_1_arm64.deb");
  fs::remove(root_ / "repository/Packages");
  offer("one", "2");
  const auto packages = download({"one"}, cache());
  ASSERT_TRUE(packages) << packages.error().message;
  EXPECT_EQ(packages->at(0).version, "2");
}

TEST_F(Packages, DownloadedByTwoAtOnceAreBothThere) {
  offer("one", "1");
  offer("two", "2");
  std::optional<Result<std::vector<Package>>> first, second;
  {
    std::jthread a([&] { first = download({"one"}, cache()); });
    std::jthread b([&] { second = download({"two", "one"}, cache()); });
  }
  ASSERT_TRUE(*first) << first->error().message;
  ASSERT_TRUE(*second) << second->error().message;
  EXPECT_TRUE(Index(cache() / "apt/archives").find("one"));
  EXPECT_TRUE(Index(cache() / "apt/archives").find("two"));
}

TEST_F(Packages, AreUnpackedWithoutRunningTheirScripts) {
  offer("one", "1");
  const auto packages = download({"one"}, cache());
  ASSERT_TRUE(packages);
  ASSERT_TRUE(unpack(packages->at(0), root_ / "unpacked/here"));
  EXPECT_EQ(read(root_ / "unpacked/here/usr/share/one"), "one 1");
  EXPECT_FALSE(fs::exists(root_ / "script-ran"));
}

TEST_F(Packages, WithoutAptGetSayWhatIsMissing) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  const auto packages = download({"one"}, cache());
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(packages);
  EXPECT_EQ(packages.error().kind, FailureKind::HostLacks);
  EXPECT_THAT(packages.error().message, HasSubstr("apt-get"));
}

TEST_F(Packages, StopRequestIsCancelled) {
  offer("one", "1");
  std::stop_source source;
  source.request_stop();
  const auto packages = download({"one"}, cache(), source.get_token());
  ASSERT_FALSE(packages);
  EXPECT_EQ(packages.error().kind, FailureKind::Cancelled);
}

TEST(PackageOfFileName, ReadsNameAndVersion) {
  const auto package = packageOfFileName("/x/libc-bin_1%3a2.36-9+deb12u1_arm64.deb");
  ASSERT_TRUE(package);
  EXPECT_EQ(package->name, "libc-bin");
  EXPECT_EQ(package->version, "1:2.36-9+deb12u1");
  EXPECT_FALSE(packageOfFileName("index"));
  EXPECT_FALSE(packageOfFileName("one_1.deb"));
}

TEST(Index, IgnoresLinesItCannotRead) {
  const fs::path folder = fs::path(testing::TempDir()) / ("index-" + std::to_string(::getpid()));
  write(folder / "a.deb", "12345");
  write(folder / "index", "good\t1\thash\t5\ta.deb\nother\t1\thash\t6\ta.deb\ncut\t1\tha");
  const Index index(folder);
  EXPECT_TRUE(index.find("good"));
  EXPECT_FALSE(index.find("other"));
  EXPECT_FALSE(index.find("cut"));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace relapse::debian
