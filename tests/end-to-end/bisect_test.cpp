// SPDX-License-Identifier: GPL-2.0-or-later
// Bisects of real kernels in real guests. The series: base', and eight patches on it, six of them harmless.
#include <gmock/gmock.h>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "process/process.hpp"
#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const fs::path kSeries = fs::path(RELAPSE_SOURCE_DIR) / "tests/end-to-end/series/bisect/6.1";
constexpr const char* kLockupPatch = "0007-nfs-keep-the-page-of-a-request-that-was-given-up";
constexpr const char* kOopsPatch = "0004-nfs-do-not-report-a-page-that-was-given-up";

std::vector<std::string> bisectOf(const char* scenario, std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"bisect", scenario, "--series", kSeries.string(),
                                     "--good", "1",      "--kernel", "debian-6.1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::vector<std::string> chosen(const json& bisect) {
  std::vector<std::string> names;
  for (const auto& candidate : bisect["candidates"])
    if (candidate["chosen"].get<bool>()) names.push_back(candidate["name"]);
  return names;
}

// Of the log's events of that kind.
std::vector<json> events(const fs::path& log, const std::string& kind) {
  std::vector<json> all;
  std::istringstream lines(contentOf(log));
  for (std::string line; std::getline(lines, line);) {
    const json event = json::parse(line, nullptr, false);
    if (event.is_object() && event["event"] == kind) all.push_back(event);
  }
  return all;
}

fs::path onlyBisect(const StateFolder& state) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(state.path() / "relapse/bisects", error)) return entry.path();
  return {};
}

TEST(Bisect, NamesThePatchThatBringsTheOops) {
  const StateFolder state;
  const Ran ran = relapse(state, bisectOf("nfs-updatepage-null-deref", {"--bad", "4"}));
  ASSERT_TRUE(ran.result.is_object()) << ran.output << ran.errors;
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_THAT(chosen(ran.result), ElementsAre(kOopsPatch));
  EXPECT_GE(ran.result["posterior"].get<double>(), 0.95);
  // It is the last one of the series: without it the kernel is the one before it, with it alone it oopses.
  ASSERT_EQ(ran.result["checks"].size(), 2u);
  for (const auto& check : ran.result["checks"]) EXPECT_TRUE(check["held"].get<bool>()) << check.dump(2);
  const fs::path folder = onlyBisect(state);
  for (const char* name : {"bisect.log", "bisect.json", "report.html", "mail.txt"})
    EXPECT_FALSE(contentOf(folder / name).empty()) << name;
  EXPECT_THAT(contentOf(folder / "bisect.log"), HasSubstr("believed now"));
  const Ran again = relapse(state, {"bisect", "--replay", (folder / "bisect.log").string()});
  EXPECT_EQ(chosen(again.result), chosen(ran.result)) << again.output << again.errors;
}

// Between A' and B' kernels oops: a bisect that takes any crash for the bug would name A'.
TEST(BisectPair, IsFoundForTheLockupAcrossAKill) {
  const StateFolder state;
  const fs::path output = state.path() / "killed";
  const pid_t first = spawn(commandLine(bisectOf("nfs-wb-page-soft-lockup", {"--subset"})),
                            {{"XDG_STATE_HOME", state.path().string()}}, output);
  const auto tries = [&] { return events(onlyBisect(state) / "bisect.log", "tried").size(); };
  const auto starts = [&] { return events(onlyBisect(state) / "bisect.log", "started").size(); };
  ASSERT_TRUE(eventually(600s, [&] { return tries() >= 4 && starts() > tries(); })) << contentOf(output);
  kill(first, SIGKILL);
  EXPECT_EQ(waitFor(first), 128 + SIGKILL);
  const Ran ran = relapse(state, {"bisect", "--resume"});
  ASSERT_TRUE(ran.result.is_object()) << ran.output << ran.errors;
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_THAT(chosen(ran.result), ElementsAre(kLockupPatch));
  EXPECT_THAT(ran.result["subset"]["names"], ElementsAre(kOopsPatch, kLockupPatch)) << ran.result["subset"].dump(2);
  EXPECT_THAT(ran.result["subset"]["necessary"], ElementsAre(kOopsPatch, kLockupPatch));
  EXPECT_TRUE(ran.result["subset"]["minimal"].get<bool>());
  EXPECT_TRUE(ran.result["checks"][0]["held"].get<bool>()) << "without it the lockup is gone";
  EXPECT_FALSE(ran.result["checks"][1]["held"].get<bool>()) << "it alone does not bring it";
  ASSERT_FALSE(ran.result["others"].empty());
  EXPECT_EQ(ran.result["others"][0]["signature"], "NULL pointer dereference in nfs_updatepage");
  std::set<int> numbers;
  for (const auto& tried : events(onlyBisect(state) / "bisect.log", "tried"))
    EXPECT_TRUE(numbers.insert(tried["try"].get<int>()).second) << "counted twice: " << tried.dump();
}

// A git tree of the real source with base', two harmless commits, A' merged from a side branch, and one more.
class KernelTree {
 public:
  explicit KernelTree(const fs::path& home) : tree_(home / "tree") {
    // The cache's copy of the source, as it was before any patch.
    for (const auto& entry : fs::directory_iterator(cache() / "trees"))
      if (entry.path().filename().string().starts_with("linux-source-6.1")) copy(entry.path());
    git({"init", "-q"});
    git({"config", "core.compression", "0"});
    git({"add", "-A", "-f"});
    commit("the source");
    apply("0001-nfs-treat-fatal-write-errors-as-4.19-did");
    git({"tag", "good"});
    apply("0002-nfs-ask-in-one-place-how-far-a-pages-requests-reach");
    git({"checkout", "-q", "-b", "side", "good"});
    culprit_ = apply(kOopsPatch);
    git({"checkout", "-q", "-"});
    git({"merge", "-q", "--no-ff", "-m", "a merge", "side"});
    apply("0005-nfs-rename-a-variable-of-nfs-set-pgio-error");
    git({"tag", "bad"});
  }

  const fs::path& path() const { return tree_; }
  const std::string& culprit() const { return culprit_; }

  std::string git(std::vector<std::string> words) const {
    words.insert(words.begin(), {"git", "-c", "user.name=a", "-c", "user.email=a@example.org"});
    const auto output = process::run({words, tree_, {}});
    EXPECT_TRUE(output && output->succeeded()) << words.at(5) << (output ? output->standardError : "");
    return output ? output->standardOutput + output->standardError : "";
  }

 private:
  static fs::path cache() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache != nullptr) return fs::path(cache) / "relapse";
    return geteuid() == 0 ? fs::path("/var/cache/relapse") : fs::path(std::getenv("HOME")) / ".cache/relapse";
  }
  void copy(const fs::path& home) const {
    const auto cp = [&](const fs::path& from) {
      EXPECT_TRUE(process::run({{"cp", "-a", from.string() + "/.", tree_.string()}, {}, {}})->succeeded());
    };
    fs::create_directories(tree_);
    cp(home / "src");
    const fs::path originals = home / "originals";
    if (fs::exists(originals / "files")) cp(originals / "files");
    if (!fs::exists(originals / "created")) return;
    for (const auto& entry : fs::recursive_directory_iterator(originals / "created"))
      if (entry.is_regular_file()) fs::remove(tree_ / fs::relative(entry.path(), originals / "created"));
  }
  std::string commit(const std::string& subject) const {
    git({"commit", "-q", "-a", "-m", subject});
    std::string id = git({"rev-parse", "HEAD"});
    id.resize(12);
    return id;
  }
  std::string apply(const std::string& patch) const {
    git({"apply", (kSeries / (patch + ".patch")).string()});
    return commit(patch.substr(5));
  }

  fs::path tree_;
  std::string culprit_;
};

TEST(BisectGit, NamesTheSameCommitAsGitBisectRun) {
  const StateFolder state;
  ASSERT_EQ(relapse(state, {"build", "nfs-updatepage-null-deref", "--kernel", "debian-6.1"}).status, 0);
  const KernelTree tree(state.path());
  const std::string before = tree.git({"status", "--porcelain", "--branch"});

  const Ran ran = relapse(
      state, {"bisect", "nfs-updatepage-null-deref", "--git", tree.path().string(), "--good", "good", "--bad", "bad"});
  ASSERT_TRUE(ran.result.is_object()) << ran.output << ran.errors;
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_THAT(chosen(ran.result), ElementsAre(tree.culprit()));
  EXPECT_TRUE(ran.result["checks"][0]["held"].get<bool>()) << ran.result["checks"].dump(2);
  EXPECT_TRUE(ran.result["checks"][1]["held"].get<bool>()) << ran.result["checks"].dump(2);
  EXPECT_THAT(contentOf(onlyBisect(state) / "mail.txt"), HasSubstr("Fixes: " + tree.culprit() + " (\""));
  EXPECT_EQ(tree.git({"status", "--porcelain", "--branch"}), before);

  tree.git({"bisect", "start", "bad", "good"});
  auto run = commandLine({"run", "nfs-updatepage-null-deref", "--as-bisect-step", "--no-series", "--kernel", ".",
                          "--quiet", "--no-history"});
  run.insert(run.begin(), {"bisect", "run"});
  EXPECT_THAT(tree.git(run), HasSubstr("is the first bad commit"));
  EXPECT_EQ(tree.git({"rev-parse", "refs/bisect/bad"}).substr(0, 12), tree.culprit());
}

}  // namespace
}  // namespace relapse::e2e
