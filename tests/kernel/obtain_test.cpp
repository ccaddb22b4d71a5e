// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "fixture.hpp"
#include "http_server.hpp"
#include "kernel/hash.hpp"
#include "kernel/kernel.hpp"
#include "process/process.hpp"
#include "process/scratch.hpp"

namespace relapse::kernel {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

// Builds the fake kernel of fixture.hpp through the real obtain().
class Obtain : public FolderTest {
 protected:
  Obtain() : places_{root() / "cache", root() / "configs"} {
    makeFakeKernel(tree());
    write("configs/sources.yaml", "gone: {url: 'http://127.0.0.1:1/x.tar', sha256: " + std::string(64, 'a') + "}\n");
    write("configs/base.config", "CONFIG_A=y\n");
    request_.sources = {tree().string()};
    request_.config = {"base"};
    options_.jobs = 1;
  }

  fs::path tree() const { return root() / "tree"; }

  Result<KernelImage> get() { return obtain(request_, places_, options_); }
  KernelImage got() {
    auto kernel = get();
    EXPECT_TRUE(kernel) << kernel.error().message;
    return kernel ? *kernel : KernelImage{};
  }
  Failure failure() {
    auto kernel = get();
    EXPECT_FALSE(kernel);
    return kernel ? Failure{} : kernel.error();
  }

  // Lines that all builds together left in a file of their build folders, and forgets them.
  std::vector<std::string> take(const std::string& name) {
    std::vector<std::string> lines;
    for (const auto& copy : fs::directory_iterator(root() / "cache/trees"))
      for (const auto& build : fs::directory_iterator(copy.path())) {
        if (!build.is_directory()) continue;
        std::ifstream stream(build.path() / name);
        for (std::string line; std::getline(stream, line);) lines.push_back(line);
        fs::remove(build.path() / name);
      }
    return lines;
  }
  std::vector<std::string> compiled() { return take("compiled"); }

  void series(const std::string& name, const std::vector<std::string>& patches) {
    std::string list;
    for (const std::string& patch : patches) {
      const std::string file = sha256(patch).substr(0, 8) + ".patch";
      write("series/" + name + "/6.1/" + file, patch);
      list += file + "\n";
    }
    write("series/" + name + "/6.1/series", list);
  }
  void use(const std::string& name) { request_.seriesRoot = root() / "series" / name; }

  std::string tar() {
    const auto file = root() / "fake-6.1.9.tar.gz";
    EXPECT_TRUE(process::runChecked({.argv = {"tar", "-C", root().string(), "-czf", file.string(), "tree"}}));
    return file.string();
  }

  Places places_;
  KernelRequest request_;
  BuildOptions options_;
};

TEST_F(Obtain, BuildsATree) {
  const KernelImage kernel = got();
  EXPECT_EQ(kernel.line, "6.1");
  EXPECT_EQ(kernel.release, "6.1.9");
  EXPECT_EQ(kernel.source, tree().string());
  EXPECT_FALSE(kernel.fromCache);
  EXPECT_EQ(kernel.imageSha256, sha256(readFile(kernel.image)));
  EXPECT_EQ(kernel.vmlinuxSha256, sha256(readFile(kernel.vmlinux)));
  EXPECT_THAT(readFile(kernel.buildLog), HasSubstr("  CC      fs/a.o"));
  EXPECT_THAT(readFile(kernel.config), HasSubstr("CONFIG_A=y"));
  EXPECT_EQ(kernel.image.parent_path(), root() / "cache/kernels" / kernel.key);
  EXPECT_THAT(compiled(), UnorderedElementsAre("fs/a", "fs/b", "fs/c"));
}

TEST_F(Obtain, TheSameAgainComesFromTheCache) {
  const KernelImage first = got();
  compiled();
  const KernelImage second = got();
  EXPECT_TRUE(second.fromCache);
  EXPECT_EQ(second.key, first.key);
  EXPECT_EQ(second.imageSha256, first.imageSha256);
  EXPECT_EQ(second.release, first.release);
  EXPECT_THAT(compiled(), IsEmpty());
}

TEST_F(Obtain, ACachedKernelThatIsDamagedIsBuiltAgain) {
  const KernelImage first = got();
  fs::resize_file(first.vmlinux, 10);
  const KernelImage second = got();
  EXPECT_FALSE(second.fromCache);
  EXPECT_EQ(second.vmlinuxSha256, first.vmlinuxSha256);
}

TEST_F(Obtain, WithoutModulesNoneAreMadeAndNoneAreKept) {
  request_.extraConfig = {write("mine.config", "CONFIG_MODULES=y\n")};
  const KernelImage kernel = got();
  EXPECT_EQ(kernel.modules, "");
  EXPECT_EQ(kernel.modulesSha256, "");
  EXPECT_THAT(readFile(kernel.buildLog), Not(HasSubstr("[M]")));
}

class ObtainModules : public Obtain {
 protected:
  ObtainModules() { request_.extraConfig = {write("mine.config", "CONFIG_M=m\n")}; }
  fs::path recordOf(const KernelImage& kernel) const { return kernel.image.parent_path() / "kernel.json"; }
};

TEST_F(ObtainModules, AreKeptFlatBesideTheKernelAndComeFromTheCache) {
  const KernelImage first = got();
  EXPECT_EQ(first.modules, first.image.parent_path() / "modules");
  EXPECT_EQ(readFile(first.modules / "m.ko"), "m1\n");
  EXPECT_EQ(readFile(first.modules / "n.ko"), "n1\n");
  const KernelImage second = got();
  EXPECT_TRUE(second.fromCache);
  EXPECT_EQ(second.modules, first.modules);
  EXPECT_EQ(second.modulesSha256, first.modulesSha256);
}

TEST_F(ObtainModules, AChangedModuleIsAnotherKernelWithAnotherSum) {
  const KernelImage first = got();
  writeFile(tree() / "mod/n.c", "n2\n");
  const KernelImage second = got();
  EXPECT_NE(second.modulesSha256, first.modulesSha256);
  EXPECT_EQ(readFile(second.modules / "n.ko"), "n2\n");
  EXPECT_EQ(readFile(first.modules / "n.ko"), "n1\n");
}

TEST_F(ObtainModules, AreBuiltAgainWhenOneIsMissingOrDamaged) {
  const KernelImage first = got();
  fs::remove(first.modules / "m.ko");
  EXPECT_FALSE(got().fromCache);
  fs::resize_file(first.modules / "n.ko", 1);
  EXPECT_FALSE(got().fromCache);
  EXPECT_EQ(readFile(first.modules / "n.ko"), "n1\n");
}

// What an entry looks like that was made before modules were kept.
void forgetModules(const fs::path& record) {
  auto entry = nlohmann::json::parse(readFile(record));
  entry.erase("module_sizes");
  entry.erase("modules_sha256");
  writeFile(record, entry.dump());
  fs::remove_all(record.parent_path() / "modules");
}

TEST_F(ObtainModules, AnEntryFromBeforeTheyWereKeptIsNotTaken) {
  forgetModules(recordOf(got()));
  const KernelImage again = got();
  EXPECT_FALSE(again.fromCache);
  EXPECT_TRUE(fs::exists(again.modules / "m.ko"));
}

TEST_F(ObtainModules, AnEntryFromBeforeTheyWereKeptIsTakenWhenItsKernelHasNone) {
  request_.extraConfig.clear();
  forgetModules(recordOf(got()));
  EXPECT_TRUE(got().fromCache);
}

TEST_F(Obtain, ABuildDoesNotChangeTheKernelsInTheCache) {
  const KernelImage first = got();
  request_.patches = {write("p.patch", kPatchA)};
  const KernelImage second = got();
  EXPECT_NE(second.key, first.key);
  EXPECT_EQ(sha256(readFile(first.vmlinux)), first.vmlinuxSha256);
}

TEST_F(Obtain, APatchRecompilesOnlyWhatItTouches) {
  got();
  compiled();
  request_.patches = {write("p.patch", kPatchB)};
  got();
  EXPECT_THAT(compiled(), ElementsAre("fs/b"));
}

// make would take objects that the patch's file is not newer than for those of the patch.
TEST_F(Obtain, APatchAfterTheClockWasSetBackIsInTheKernel) {
  const KernelImage before = got();
  compiled();
  for (const auto& entry : fs::recursive_directory_iterator(root() / "cache/trees"))
    if (entry.path().extension() == ".o")
      fs::last_write_time(entry.path(), fs::file_time_type::clock::now() + std::chrono::hours(1));
  request_.patches = {write("p.patch", kPatchB)};
  EXPECT_NE(got().vmlinuxSha256, before.vmlinuxSha256);
  EXPECT_THAT(compiled(), UnorderedElementsAre("fs/a", "fs/b", "fs/c"));
}

TEST_F(Obtain, AnotherSeriesAndBackRecompilesOnlyWhatDiffers) {
  series("one", {kPatchA});
  series("two", {kPatchA, kPatchB});
  use("one");
  const KernelImage one = got();
  compiled();
  use("two");
  got();
  EXPECT_THAT(compiled(), ElementsAre("fs/b"));
  fs::remove_all(root() / "cache/kernels");
  use("one");
  EXPECT_EQ(got().vmlinuxSha256, one.vmlinuxSha256);
  EXPECT_THAT(compiled(), ElementsAre("fs/b"));
}

TEST_F(Obtain, PatchesOfTheUserComeAfterTheSeries) {
  series("one", {kPatchA});
  use("one");
  request_.patches = {write("p.patch", kPatchA2)};
  const KernelImage kernel = got();
  EXPECT_THAT(readFile(kernel.vmlinux), HasSubstr("a1\nA2\nmore\na3\n"));
  ASSERT_EQ(kernel.patches.size(), 2u);
  EXPECT_EQ(kernel.patches[1].file, root() / "p.patch");
}

TEST_F(Obtain, SaysFromTheCacheTooWhatWasInTheSourceAlready) {
  writeFile(tree() / "fs/b.c", "b1\nB2\nb3\n");
  request_.patches = {write("p.patch", kPatchB)};
  EXPECT_TRUE(got().patches.at(0).alreadyInSource);
  const KernelImage again = got();
  EXPECT_TRUE(again.fromCache);
  EXPECT_TRUE(again.patches.at(0).alreadyInSource);
}

TEST_F(Obtain, NeverWritesToTheUsersTree) {
  fs::create_directories(tree() / "include/config");
  writeFile(tree() / "fs/a.o", "built in place");
  std::map<std::string, fs::file_time_type> before, after;
  for (const auto& entry : fs::recursive_directory_iterator(tree())) before[entry.path()] = entry.last_write_time();
  request_.patches = {write("p.patch", kPatchNew)};
  got();
  for (const auto& entry : fs::recursive_directory_iterator(tree())) after[entry.path()] = entry.last_write_time();
  EXPECT_EQ(before, after);
}

TEST_F(Obtain, AChangedTreeIsAnotherKernelAndCompilesOnlyTheChange) {
  const KernelImage first = got();
  compiled();
  writeFile(tree() / "fs/c.c", "changed\n");
  const KernelImage second = got();
  EXPECT_NE(second.key, first.key);
  EXPECT_THAT(readFile(second.vmlinux), HasSubstr("changed"));
  EXPECT_THAT(compiled(), ElementsAre("fs/c"));
}

TEST_F(Obtain, BuildsATarball) {
  request_.sources = {tar()};
  request_.patches = {write("p.patch", kPatchA)};
  const KernelImage kernel = got();
  EXPECT_EQ(kernel.line, "6.1");
  EXPECT_THAT(readFile(kernel.vmlinux), HasSubstr("a1\nA2\n"));
  compiled();
  EXPECT_TRUE(got().fromCache);
  request_.patches.clear();
  got();
  EXPECT_THAT(compiled(), ElementsAre("fs/a"));
}

TEST_F(Obtain, BuildsAGitCommitWithoutTouchingTheRepository) {
  const auto git = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"git", "-C", tree().string(), "-c", "user.name=a", "-c", "user.email=a@b"});
    EXPECT_TRUE(process::runChecked({.argv = words}));
  };
  git({"init", "-q"});
  git({"add", "."});
  git({"commit", "-q", "-m", "one"});
  git({"tag", "one"});
  writeFile(tree() / "fs/c.c", "second\n");
  git({"commit", "-q", "-a", "-m", "two"});
  writeFile(tree() / "fs/c.c", "dirty\n");
  const auto index = fs::last_write_time(tree() / ".git/index");
  request_.sources = {"git:" + tree().string() + "#one"};
  EXPECT_THAT(readFile(got().vmlinux), HasSubstr("c1\n"));
  compiled();
  request_.sources = {"git:" + tree().string() + "#HEAD"};
  EXPECT_THAT(readFile(got().vmlinux), HasSubstr("second\n"));
  EXPECT_THAT(compiled(), ElementsAre("fs/c"));
  EXPECT_EQ(fs::last_write_time(tree() / ".git/index"), index);
  EXPECT_EQ(readFile(tree() / "fs/c.c"), "dirty\n");
  request_.sources = {"git:" + tree().string() + "#nothing"};
  EXPECT_THAT(failure().message, HasSubstr("#nothing: expected a commit there"));
}

TEST_F(Obtain, DownloadsWhatTheListNames) {
  const std::string content = readFile(tar());
  HttpServer server(content);
  write("configs/sources.yaml", "net: {url: '" + server.url() + "', sha256: " + sha256(content) + "}\n");
  request_.sources = {"net"};
  EXPECT_EQ(got().source, "net");
  EXPECT_TRUE(got().fromCache);
  EXPECT_EQ(server.starts().size(), 1u);
}

TEST_F(Obtain, TakesTheFirstSourceThatCanBeHadAndSaysWhatCouldNot) {
  request_.sources = {"gone", tree().string()};
  const KernelImage kernel = got();
  EXPECT_EQ(kernel.source, tree().string());
  EXPECT_THAT(kernel.notHad, ElementsAre(AllOf(testing::StartsWith("gone: "), HasSubstr("127.0.0.1"))));
  EXPECT_THAT(got().notHad, ElementsAre(testing::StartsWith("gone: ")));
}

TEST_F(Obtain, WithoutAnySourceIsWhatTheHostLacks) {
  request_.sources = {"gone"};
  const Failure failed = failure();
  EXPECT_EQ(failed.kind, FailureKind::HostLacks);
  EXPECT_THAT(failed.message, AllOf(HasSubstr("no kernel source could be had"), HasSubstr("gone: ")));
}

TEST_F(Obtain, ASourceThatWasNotHadIsTriedAgainWhenItIsTheOnlyOne) {
  request_.sources = {"gone"};
  failure();
  const std::string content = readFile(tar());
  HttpServer server(content);
  write("configs/sources.yaml", "gone: {url: '" + server.url() + "', sha256: " + sha256(content) + "}\n");
  EXPECT_EQ(got().source, "gone");
}

TEST_F(Obtain, AFolderThatIsNoKernelIsBadInput) {
  fs::remove(tree() / "Makefile");
  const Failure failed = failure();
  EXPECT_EQ(failed.kind, FailureKind::BadInput);
  EXPECT_THAT(failed.message, HasSubstr("is no kernel source"));
}

TEST_F(Obtain, ATarballThatIsNoKernelIsBadInputAndLeavesNoTree) {
  fs::remove(tree() / "Makefile");
  request_.sources = {tar()};
  EXPECT_THAT(failure().message, HasSubstr("holds no kernel source"));
  EXPECT_THAT(failure().message, HasSubstr("holds no kernel source"));
}

TEST_F(Obtain, ACompilerErrorIsShownWithTheLogsPlace) {
  writeFile(tree() / "fs/b.c", "broken\n");
  const Failure failed = failure();
  EXPECT_EQ(failed.kind, FailureKind::BuildFailed);
  EXPECT_THAT(failed.message, HasSubstr("fs/b.c:1:1: error: this is broken"));
  const std::string log = failed.message.substr(failed.message.find("full log: ") + 10);
  EXPECT_THAT(readFile(log), HasSubstr("this is broken"));
  writeFile(tree() / "fs/b.c", "mended\n");
  EXPECT_THAT(readFile(got().vmlinux), HasSubstr("mended"));
}

TEST_F(Obtain, ACompilerOrMakeThatIsKilledIsNoDefectOfTheKernel) {
  for (const auto& [word, said] :
       {std::pair("dying", "a compiler was killed"), std::pair("makeless", "make was killed by signal 9")}) {
    writeFile(tree() / "fs/b.c", std::string(word) + "\n");
    const Failure failed = failure();
    EXPECT_EQ(failed.kind, FailureKind::Exhausted) << word;
    EXPECT_THAT(failed.message, HasSubstr(said));
  }
  writeFile(tree() / "fs/b.c", "mended\n");
  EXPECT_THAT(readFile(got().vmlinux), HasSubstr("mended"));
}

TEST_F(Obtain, AnOptionThatDoesNotSurviveIsNamed) {
  request_.extraConfig = {write("mine.config", "\nCONFIG_DROPPED=y\n")};
  const Failure failed = failure();
  EXPECT_EQ(failed.kind, FailureKind::BadInput);
  EXPECT_THAT(failed.message, AllOf(HasSubstr("mine.config:2: CONFIG_DROPPED: expected y"), HasSubstr("not there")));
}

TEST_F(Obtain, ConfiguresAgainOnlyWhenTheOptionsChange) {
  got();
  request_.patches = {write("p.patch", kPatchA)};
  got();
  EXPECT_EQ(take("configurations").size(), 1u);
  request_.extraConfig = {write("mine.config", "CONFIG_B=y\n")};
  EXPECT_THAT(readFile(got().config), HasSubstr("CONFIG_B=y"));
  EXPECT_EQ(take("configurations").size(), 1u);
}

TEST_F(Obtain, ASeriesWithoutAFolderForTheLineIsBadInput) {
  write("series/one/4.19/series", "");
  use("one");
  const Failure failed = failure();
  EXPECT_EQ(failed.kind, FailureKind::BadInput);
  EXPECT_THAT(failed.message, AllOf(HasSubstr("line 6.1"), HasSubstr("there is 4.19")));
}

TEST_F(Obtain, TellsHowFarTheBuildIs) {
  std::vector<long> done;
  options_.onProgress = [&](const Progress& progress) {
    if (progress.stage == Stage::Build && progress.done > 0) done.push_back(progress.done);
  };
  got();
  EXPECT_THAT(done, ElementsAre(1, 2, 3));
}

TEST_F(Obtain, CountsTheObjectsOfModulesToo) {
  request_.extraConfig = {write("mine.config", "CONFIG_M=m\n")};
  std::vector<std::string> names;
  options_.onProgress = [&](const Progress& progress) {
    if (progress.stage == Stage::Build && progress.done > 0) names.push_back(progress.text);
  };
  got();
  EXPECT_THAT(names, ElementsAre("fs/a.o", "fs/b.o", "fs/c.o", "mod/m.o", "mod/n.o"));
}

TEST_F(Obtain, TheDeadlineEndsTheBuild) {
  writeFile(tree() / "fs/b.c", "endless\n");
  options_.deadline = std::chrono::seconds(1);
  const Failure failed = failure();
  EXPECT_EQ(failed.kind, FailureKind::Exhausted);
  EXPECT_THAT(failed.message, HasSubstr("within 1 s"));
}

TEST_F(Obtain, StopRequestEndsTheBuildAndTheNextOneCompletesIt) {
  std::stop_source source;
  options_.stop = source.get_token();
  options_.onProgress = [&](const Progress& progress) {
    if (progress.stage == Stage::Build && progress.done == 2) source.request_stop();
  };
  EXPECT_EQ(failure().kind, FailureKind::Cancelled);
  options_ = {};
  EXPECT_EQ(got().release, "6.1.9");
}

TEST_F(Obtain, WhatAKilledRunLeftInTheWorkingCopyIsRemoved) {
  got();
  const fs::path copy = fs::directory_iterator(root() / "cache/trees")->path();
  fs::path left;
  {
    const auto scratch = process::makeOwnFolder(copy, ".scratch-");  // its lock goes, its folder stays
    ASSERT_TRUE(scratch);
    left = scratch->path;
    writeFile(left / "files/half/unpacked", "x");
  }
  request_.patches = {write("p.patch", kPatchA)};
  got();
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(copy / "src"));
}

TEST_F(Obtain, TwoAtOnceBuildOnce) {
  std::optional<Result<KernelImage>> first, second;
  {
    std::jthread a([&] { first = obtain(request_, places_, options_); });
    std::jthread b([&] { second = obtain(request_, places_, options_); });
  }
  ASSERT_TRUE(*first) << first->error().message;
  ASSERT_TRUE(*second) << second->error().message;
  EXPECT_EQ((*first)->vmlinuxSha256, (*second)->vmlinuxSha256);
  EXPECT_THAT(compiled(), UnorderedElementsAre("fs/a", "fs/b", "fs/c"));
}

TEST_F(Obtain, TwoAtOnceWithDifferentPatchesGetTheirOwn) {
  KernelRequest other = request_;
  request_.patches = {write("a.patch", kPatchA)};
  other.patches = {write("b.patch", kPatchB)};
  std::optional<Result<KernelImage>> first, second;
  {
    std::jthread a([&] { first = obtain(request_, places_, options_); });
    std::jthread b([&] { second = obtain(other, places_, options_); });
  }
  ASSERT_TRUE(*first) << first->error().message;
  ASSERT_TRUE(*second) << second->error().message;
  EXPECT_THAT(readFile((*first)->vmlinux), AllOf(HasSubstr("A2"), HasSubstr("b2")));
  EXPECT_THAT(readFile((*second)->vmlinux), AllOf(HasSubstr("a2"), HasSubstr("B2")));
}

TEST_F(Obtain, AFolderThatMakeCannotWorkInIsToldBeforehand) {
  places_.cache = root() / "my cache";
  EXPECT_THAT(failure().message, HasSubstr("space or colon"));
}

}  // namespace
}  // namespace relapse::kernel
