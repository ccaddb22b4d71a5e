// SPDX-License-Identifier: GPL-2.0-or-later
// Bundles of kernels that are a few bytes: what is written, and what is refused. Real ones are replayed in
// tests/end-to-end.
#include "run/bundle.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "checksum/checksum.hpp"
#include "kernel/modules.hpp"
#include "run/manifest.hpp"
#include "scenario/scenario.hpp"

namespace relapse::run {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kScenario = R"(
name: some-bug
summary: it comes back
kernel: {source: [/nowhere/first, a-source], config: [base], series: patches}
nodes: {client: {cpus: 2}}
watch: {softlockup: 2s}
steps:
  - fault: {lkdtm: SOFTLOCKUP}
expect: {survived: true}
repeat: {runs: 7}
)";

void put(const fs::path& file, const std::string& content) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

std::string contentOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class BundleTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "bundle-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    put(folder_ / "scenarios/some.yaml", kScenario);
    put(folder_ / "scenarios/patches/6.1/0001-one.patch", "a patch");
    put(folder_ / "scenarios/patches/6.1/series", "0001-one.patch\n");
    put(cache() / "root.cpio", "the guest's root");
    put(cache() / "modules.cpio", "stripped modules");
    record_.id = "the-first";
    record_.verdict = verdict::Reproduced{{0}, "soft lockup in f"};
    record_.seen.events.emplace_back();
    record_.kernel = kernelIn("kernel");
    record_.kernel.patches = {{folder_ / "scenarios/patches/6.1/0001-one.patch", "sum", false}};
    parts_.archives["client"] = {cache() / "root.cpio", cache() / "modules.cpio"};
    parts_.domainXml["client"] = "<domain/>";
    load({});
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path cache() const { return folder_ / "cache"; }
  fs::path run() const { return folder_ / "run"; }
  fs::path bundle() const { return run() / "bundle"; }

  kernel::KernelImage kernelIn(const std::string& name) const {
    const fs::path home = cache() / name;
    put(home / "Image", "Image of " + name);
    put(home / "vmlinux", "vmlinux of " + name);
    put(home / "config", "CONFIG_X=y\n");
    put(home / "modules/nfs.ko", "a module of " + name);
    kernel::KernelImage image;
    image.image = home / "Image";
    image.vmlinux = home / "vmlinux";
    image.config = home / "config";
    image.modules = home / "modules";
    image.source = "a-source";
    image.line = "6.1";
    image.release = "6.1.9";
    image.key = "key";
    image.imageSha256 = checksum::ofText("Image of " + name);
    image.vmlinuxSha256 = checksum::ofText("vmlinux of " + name);
    image.modulesSha256 = kernel::sumOfModules(kernel::modulesIn(home / "modules"));
    return image;
  }

  void load(const std::vector<std::string>& overrides) {
    auto scenario = scenario::load(folder_ / "scenarios/some.yaml", overrides);
    ASSERT_TRUE(scenario) << scenario.error().message;
    request_.scenario = *scenario;
    request_.overrides = overrides;
  }

  void write() {
    auto sums = writeBundle(run(), request_, record_, parts_);
    ASSERT_TRUE(sums) << sums.error().message;
    sums_ = *sums;
  }

  std::string problem() const {
    const auto opened = openBundle(run());
    return opened ? "" : opened.error().message;
  }

  fs::path folder_;
  RunRequest request_;
  report::RunRecord record_;
  BundleParts parts_;
  std::map<std::string, std::string> sums_;
};

TEST_F(BundleTest, HoldsTheRunWithoutTheCacheAndInAnotherPlace) {
  write();
  fs::rename(run(), folder_ / "copied");
  fs::remove_all(cache());
  fs::remove_all(folder_ / "scenarios");
  for (const fs::path& given : {folder_ / "copied", folder_ / "copied/bundle"}) {
    const auto opened = openBundle(given);
    ASSERT_TRUE(opened) << opened.error().message;
    const auto& request = opened->request;
    EXPECT_EQ(contentOf(request.kernel->image), "Image of kernel");
    EXPECT_EQ(contentOf(request.kernel->vmlinux), "vmlinux of kernel");
    EXPECT_EQ(contentOf(request.kernel->config), "CONFIG_X=y\n");
    EXPECT_EQ(contentOf(request.kernel->modules / "nfs.ko"), "a module of kernel");
    EXPECT_EQ(request.kernel->source, "a-source");
    EXPECT_EQ(request.kernel->release, "6.1.9");
    ASSERT_EQ(request.archives.at("client").size(), 2U);
    EXPECT_EQ(contentOf(request.archives.at("client")[0]), "the guest's root");
    EXPECT_EQ(contentOf(request.archives.at("client")[1]), "stripped modules");
    EXPECT_EQ(request.scenario.name, "some-bug");
    EXPECT_EQ(opened->first->signature, "soft lockup in f");
    EXPECT_EQ(opened->first->id, "the-first");
    EXPECT_THAT(opened->notes, IsEmpty());
  }
}

TEST_F(BundleTest, ItsScenarioIsTheOneThatRan) {
  load({"nodes.client.cpus=4", "seed=77"});
  record_.scenario = request_.scenario;
  write();
  const auto scenario = scenario::load(bundle() / "scenario.yaml");
  ASSERT_TRUE(scenario) << scenario.error().message;
  EXPECT_EQ(scenario->nodes.at("client").cpus, 4);
  EXPECT_EQ(scenario->seed, 77U);
  EXPECT_EQ(std::get<scenario::Until>(scenario->repeat).runs, 1) << "a replay is one run";
  EXPECT_THAT(scenario->kernel.sources, ElementsAre("a-source")) << "the one that was had";
  EXPECT_EQ(scenario->kernel.series, bundle() / "series");
  EXPECT_EQ(contentOf(bundle() / "series/6.1/series"), "0001-one.patch\n");
  EXPECT_THAT(openBundle(run())->request.overrides, ElementsAre("nodes.client.cpus=4", "seed=77"));
}

TEST_F(BundleTest, TakesTheScenarioAsItWasWhenItWasLoaded) {
  request_.resolved = "name: other\n";
  put(folder_ / "scenarios/some.yaml", "edited meanwhile");
  write();
  EXPECT_THAT(contentOf(bundle() / "scenario.yaml"), HasSubstr("name: other"));
}

TEST_F(BundleTest, EveryFileOfItThatIsMissingIsNamed) {
  write();
  ASSERT_GT(sums_.size(), 8U);
  for (const auto& [name, sum] : sums_) {
    if (name == "bundle/manifest.json") continue;
    fs::rename(run() / name, folder_ / "aside");
    EXPECT_THAT(problem(), HasSubstr((run() / name).string() + ": is missing"));
    fs::rename(folder_ / "aside", run() / name);
  }
  EXPECT_EQ(problem(), "");
}

TEST_F(BundleTest, EveryFileOfItThatWasChangedIsNamed) {
  write();
  for (const auto& [name, sum] : sums_) {
    if (name == "bundle/manifest.json") continue;
    const std::string was = contentOf(run() / name);
    fs::remove(run() / name);  // it may be a link into the cache
    put(run() / name, was + "x");
    EXPECT_THAT(problem(), HasSubstr((run() / name).string() + ": was changed"));
    fs::remove(run() / name);
    put(run() / name, was);
  }
  EXPECT_EQ(problem(), "");
}

TEST_F(BundleTest, AModuleThatIsChangedMissingOrTooManyIsRefused) {
  write();
  put(bundle() / "modules/more.ko", "x");
  EXPECT_THAT(problem(), HasSubstr("modules: its modules were changed"));
  fs::remove(bundle() / "modules/more.ko");
  EXPECT_EQ(problem(), "");
  fs::remove(bundle() / "modules/nfs.ko");
  EXPECT_THAT(problem(), HasSubstr("modules: its modules were changed"));
  fs::remove_all(bundle() / "modules");
  EXPECT_THAT(problem(), HasSubstr("modules: is missing"));
}

TEST_F(BundleTest, AServersOwnKernelIsBesideTheClients) {
  load({"nodes.server={kernel: {source: [a-source]}}", "nfs={export: {filesystem: tmpfs}, mount: {version: '4.1'}}"});
  record_.serverKernel = kernelIn("servers");
  parts_.archives["server"] = {cache() / "root.cpio"};
  write();
  const auto opened = openBundle(run());
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_TRUE(opened->request.serverKernel);
  EXPECT_EQ(contentOf(opened->request.serverKernel->image), "Image of servers");
  EXPECT_EQ(contentOf(opened->request.serverKernel->modules / "nfs.ko"), "a module of servers");
  EXPECT_EQ(opened->request.archives.at("server")[0], opened->request.archives.at("client")[0])
      << "what two guests share is there once";
}

TEST_F(BundleTest, IsWrittenAgainFromItself) {
  write();
  const auto opened = openBundle(run());
  ASSERT_TRUE(opened);
  record_.kernel = *opened->request.kernel;
  parts_.archives = opened->request.archives;
  ASSERT_TRUE(writeBundle(folder_ / "second", opened->request, record_, parts_));
  fs::remove_all(run());
  const auto again = openBundle(folder_ / "second");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(contentOf(folder_ / "second/bundle/scenario.yaml"), opened->request.resolved);
  EXPECT_EQ(contentOf(folder_ / "second/bundle/series/6.1/series"), "0001-one.patch\n");
  EXPECT_EQ(again->request.kernel->source, "a-source");
}

TEST_F(BundleTest, OneWithoutAGuestsRootSaysThatItIsMadeAnew) {
  parts_.archives.clear();
  write();
  const auto opened = openBundle(run());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_THAT(opened->notes, ElementsAre(HasSubstr("root of the guest client: it is made anew")));
}

TEST_F(BundleTest, WhatIsNoBundleIsRefusedWithTheReason) {
  EXPECT_THAT(problem(), HasSubstr("no such file or folder"));
  fs::create_directories(run());
  EXPECT_THAT(problem(), HasSubstr("expected a run's directory (with bundle/) or its bundle, found neither"));
  fs::create_directories(bundle());
  EXPECT_THAT(problem(), HasSubstr("scenario.yaml: is missing"));
  write();
  EXPECT_EQ(problem(), "");
  put(bundle() / "manifest.json", "{\"version\": 99}");
  EXPECT_THAT(problem(), HasSubstr("manifest.json: expected version 1, found 99"));
  put(bundle() / "manifest.json", "[");
  EXPECT_THAT(problem(), HasSubstr("manifest.json: expected a bundle's manifest"));
  fs::rename(run(), folder_ / "run.incomplete");
  EXPECT_THAT(openBundle(folder_ / "run.incomplete").error().message, HasSubstr("was broken off"));
}

TEST_F(BundleTest, ANameThatLeadsOutOfItIsRefused) {
  write();
  auto manifest = nlohmann::json::parse(contentOf(bundle() / "manifest.json"));
  for (const std::string name : {"../secret", "/etc/passwd", "root/../../x", ""}) {
    manifest["archives"]["client"] = {name};
    put(bundle() / "manifest.json", manifest.dump());
    EXPECT_THAT(problem(), HasSubstr("expected names of files in the bundle, found \"" + name + "\""));
  }
}

TEST_F(BundleTest, AnArchiveWithoutASumIsRefused) {
  write();
  auto manifest = nlohmann::json::parse(contentOf(bundle() / "manifest.json"));
  manifest["files"].erase("root/01-root.cpio");
  put(bundle() / "manifest.json", manifest.dump());
  EXPECT_THAT(problem(), HasSubstr("has no sum of root/01-root.cpio"));
}

TEST_F(BundleTest, ARebuildTakesSourcePatchesAndFragments) {
  put(folder_ / "mine.config", "CONFIG_MINE=y\n");
  request_.configs = {folder_ / "mine.config"};
  write();
  const auto rebuilt = rebuildRequest(*openBundle(run()));
  ASSERT_TRUE(rebuilt) << rebuilt.error().message;
  EXPECT_FALSE(rebuilt->kernel);
  EXPECT_THAT(rebuilt->sources, ElementsAre("a-source"));
  EXPECT_EQ(rebuilt->scenario.kernel.series, bundle() / "series");
  ASSERT_EQ(rebuilt->configs.size(), 1U);
  EXPECT_EQ(contentOf(rebuilt->configs[0]), "CONFIG_MINE=y\n");
  EXPECT_THAT(rebuilt->archives, IsEmpty()) << "modules of another build do not load";
}

TEST_F(BundleTest, ARebuildWhoseSourceIsGoneSaysSo) {
  for (const std::string source : {"/nowhere/linux", "/nowhere/linux-4.19.tar.xz", "git:/nowhere/linux#v4.19"}) {
    record_.kernel.source = source;
    fs::remove_all(run());
    write();
    const auto rebuilt = rebuildRequest(*openBundle(run()));
    ASSERT_FALSE(rebuilt) << source;
    EXPECT_EQ(rebuilt.error().kind, FailureKind::HostLacks);
    EXPECT_THAT(rebuilt.error().message, HasSubstr("its source is gone: /nowhere/linux"));
  }
}

TEST_F(BundleTest, AKernelThatWasGivenReadyCannotBeRebuilt) {
  record_.kernel.line.clear();
  record_.kernel.patches.clear();
  record_.kernel.source = "/home/u/Image";
  write();
  const auto rebuilt = rebuildRequest(*openBundle(run()));
  ASSERT_FALSE(rebuilt);
  EXPECT_EQ(rebuilt.error().kind, FailureKind::HostLacks);
  EXPECT_THAT(rebuilt.error().message, HasSubstr("it was given ready (/home/u/Image)"));
}

// As relapse wrote bundles before they had a manifest.
class OlderBundleTest : public BundleTest {
 protected:
  void SetUp() override {
    BundleTest::SetUp();
    std::string image(64, '\0');
    image.replace(56, 4, "ARM\x64");
    std::string vmlinux(
        "\x7f"
        "ELF\x02\x01\x01",
        7);
    vmlinux.resize(64);
    vmlinux[16] = 2;  // ET_EXEC
    vmlinux.replace(18, 2, std::string("\xb7\x00", 2));
    vmlinux[20] = 1;
    vmlinux[52] = 64;
    put(bundle() / "Image", image);
    put(bundle() / "vmlinux", vmlinux);
    put(bundle() / "scenario.yaml", kScenario);
    put(bundle() / "overrides", "nodes.client.cpus=3\n\n");
    put(bundle() / "series/0001-0001-one.patch", "a patch");
    result_ = {{"id", "older"},
               {"verdict", {{"word", "reproduced"}, {"signature", "s"}}},
               {"kernel", {{"source", "a-source"}, {"line", "6.1"}, {"release", "6.1.9"}, {"key", "k"}}},
               {"artefacts", {{{"name", "bundle/Image"}, {"sha256", checksum::ofText(image)}}}}};
    result_["kernel"]["patches"] = {{{"file", "/x/0001-one.patch"}, {"sha256", ""}, {"already_in_source", false}}};
    put(run() / "result.json", result_.dump());
  }
  nlohmann::json result_;
};

TEST_F(OlderBundleTest, IsReplayedAsFarAsItGoes) {
  const auto opened = openBundle(run());
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->request.scenario.nodes.at("client").cpus, 3);
  EXPECT_EQ(opened->request.kernel->release, "6.1.9");
  EXPECT_EQ(opened->first->signature, "s");
  EXPECT_THAT(opened->notes, ElementsAre(HasSubstr("it is made anew")));
  const auto rebuilt = rebuildRequest(*opened);
  ASSERT_TRUE(rebuilt) << rebuilt.error().message;
  EXPECT_THAT(rebuilt->patches, ElementsAre(bundle() / "series/0001-0001-one.patch"));
}

TEST_F(OlderBundleTest, IsComparedWithTheSumsOfItsRecord) {
  put(bundle() / "Image", contentOf(bundle() / "Image") + "x");
  EXPECT_THAT(problem(), HasSubstr("Image: was changed"));
}

TEST_F(OlderBundleTest, WithoutItsRecordNothingIsKnownOfTheFirstRun) {
  fs::rename(bundle(), folder_ / "alone");
  const auto opened = openBundle(folder_ / "alone");
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_FALSE(opened->first);
  EXPECT_THAT(opened->notes, testing::Contains(HasSubstr("no sums were compared")));
  EXPECT_THAT(opened->notes, testing::Contains(HasSubstr("first run's outcome is not known")));
}

Outcome outcome(const std::string& verdict, const std::string& signature) {
  Outcome out;
  out.verdict = verdict;
  out.signature = signature;
  return out;
}

TEST(Comparison, IsTheSameOnlyWithVerdictAndSignature) {
  EXPECT_TRUE(compare(outcome("reproduced", "a"), outcome("reproduced", "a")).same);
  EXPECT_TRUE(compare(outcome("survived", ""), outcome("survived", "")).same);
  EXPECT_FALSE(compare(outcome("reproduced", "a"), outcome("reproduced", "b")).same);
  EXPECT_FALSE(compare(outcome("reproduced", "a"), outcome("other-failure", "a")).same);
  EXPECT_FALSE(compare(outcome("inconclusive", ""), outcome("inconclusive", "")).same);
}

TEST(Comparison, NamesWhatDiffersAndComparesTheOrderOfEventsNotTheirTimes) {
  Outcome first = outcome("reproduced", "a");
  first.events = {{"boot-milestone", "Linux 6.1", "client", 1ms},
                  {"soft-lockup", "in f", "client", 10ms},
                  {"rcu-stall", "in f", "client", 20ms}};
  Outcome second = first;
  second.events[1].at = 15ms;
  second.events[1].title = "in g";
  EXPECT_THAT(compare(first, second).differences, IsEmpty());
  std::swap(second.events[1], second.events[2]);
  const auto differences = compare(first, second).differences;
  ASSERT_EQ(differences.size(), 1U);
  EXPECT_EQ(differences[0].what, "events");
  EXPECT_EQ(differences[0].first, "soft-lockup (client), rcu-stall (client)");
  EXPECT_EQ(differences[0].second, "rcu-stall (client), soft-lockup (client)");
}

TEST(OutcomeJson, IsReadAsItWasWritten) {
  Outcome out = outcome("reproduced", "soft lockup in f");
  out.id = "i";
  out.tools = "QEMU 7";
  out.events = {{"soft-lockup", "in f", "client", 10ms}};
  out.stages = {{"boot", 900ms}};
  const auto read = readOutcome(outcomeJson(out));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(outcomeJson(*read), outcomeJson(out));
  EXPECT_EQ(read->events[0].at, 10ms);
}

TEST(OutcomeJson, WhatIsNoneIsRefused) {
  for (const char* text : {"", "[]", "{}", "{\"verdict\": 1}", "{\"verdict\": {}}", "{\"verdict\": {\"word\": 3}}"})
    EXPECT_FALSE(readOutcome(text)) << text;
  EXPECT_TRUE(readOutcome("{\"verdict\": {\"word\": \"survived\"}, \"events\": [3, {\"event\": 1}], \"stages\": 4}"));
}

}  // namespace
}  // namespace relapse::run
