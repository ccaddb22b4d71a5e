// SPDX-License-Identifier: GPL-2.0-or-later
// Nights of real runs: two kernels, three scenarios, two mounts, and a regression that comes in between.
#include <gmock/gmock.h>

#include <signal.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using testing::SizeIs;

// Two kernels, of which one takes what is in a queue: in the first night a patch without an effect, in the second the
// pair that makes nfs_wb_page() spin.
constexpr const char* kMatrix = R"(name: m
kernels: [{name: one, source: debian-6.1}, {name: two, source: debian-6.1, patches: [queue.patch]}]
scenarios: [errors.yaml, appends.yaml, reads.yaml]
variants: [{name: v3, set: {nfs.mount.version: "3"}}, {name: v4, set: {nfs.mount.version: "4.1"}}]
runs: 3
)";

class Nights {
 public:
  explicit Nights(const std::string& matrix = kMatrix) {
    fs::create_directories(folder());
    fs::copy(fs::path(RELAPSE_SOURCE_DIR) / "scenarios/series", folder() / "series", fs::copy_options::recursive);
    for (const char* name : {"errors", "appends", "reads"}) scenario(name);
    std::ofstream(folder() / "queue.patch") << "A note.\n\n--- /dev/null\n+++ b/fs/nfs/note\n@@ -0,0 +1 @@\n+nothing\n";
    std::ofstream(folder() / "m.yaml") << matrix;
  }
  fs::path folder() const { return state_.path() / "nightly"; }
  const StateFolder& state() const { return state_; }

  void queueTheRegression() const {
    const fs::path series = fs::path(RELAPSE_SOURCE_DIR) / "scenarios/series/nfs-wb-page/6.1";
    std::ofstream queue(folder() / "queue.patch");
    for (const char* patch : {"0002-nfs-do-not-report-a-page-that-was-given-up.patch",
                              "0003-nfs-keep-the-page-of-a-request-that-was-given-up.patch"})
      queue << contentOf(series / patch);
  }

  void scenario(const std::string& name) const {
    const std::string work =
        name == "errors"    ? "  - fault: {fill-export: true}\n"
                              "  - work: {program: noncontiguous-writer, background: true, outcome: [ENOSPC]}\n"
                              "  - work: {program: appenders, writers: 2, after: noncontiguous-writer, outcome: [ok, "
                              "ENOSPC]}\n  - fault: {free-export: true}\n"
        : name == "appends" ? "  - work: {program: appenders, writers: 3}\n"
                            : "  - work: {program: write-and-read-back}\n";
    std::ofstream(folder() / (name + ".yaml"))
        << "name: " << name << "\nsummary: a test's own\nkernel: {source: [debian-6.1], config: [base, nfs, debug], "
        << "series: series/nfs-fatal-error-fixed}\nnodes: {client: {cpus: 1, memory: 256MiB}}\nnfs: {}\nsteps:\n"
        << work
        << "watch: {softlockup: 2s, hung-task: 10s}\nexpect: {survived: true}\ncollect: [registers]\ndeadlines: "
           "{reproduce: 60s}\n";
  }
  std::vector<std::string> arguments() const { return {"nightly", (folder() / "m.yaml").string(), "--jobs", "2"}; }
  Ran night() const { return relapse(state_, arguments()); }

 private:
  StateFolder state_;
};

TEST(Nightly, FindsTheRegressionThatCameInBetweenAndNothingElse) {
  const Nights nights;
  const Ran first = nights.night();
  ASSERT_TRUE(first.result.is_object()) << first.output << first.errors;
  EXPECT_EQ(first.status, 0) << first.errors;
  ASSERT_THAT(first.result["cells"], SizeIs(12));
  for (const auto& cell : first.result["cells"]) EXPECT_EQ(cell["flag"], "passed") << cell.dump(2);

  nights.queueTheRegression();
  const Ran second = nights.night();
  ASSERT_TRUE(second.result.is_object()) << second.output << second.errors;
  EXPECT_EQ(second.status, 1) << second.errors;
  std::set<std::string> flagged;
  for (const auto& cell : second.result["cells"])
    if (cell["flag"] != "passed")
      flagged.insert(cell["key"].get<std::string>() + " " + cell["flag"].get<std::string>());
  EXPECT_EQ(flagged, (std::set<std::string>{"two/errors/v3 new-failure", "two/errors/v4 new-failure"}));
  ASSERT_GE(second.result["signatures"].size(), 1u);
  EXPECT_THAT(second.result["signatures"][0]["title"].get<std::string>(), HasSubstr("soft lockup"));
  EXPECT_THAT(second.result["signatures"][0]["cells"], SizeIs(2));
}

TEST(Nightly, ThatIsKilledInTheMiddleGoesOnWithoutLosingOrDoublingARun) {
  std::string matrix = kMatrix;
  matrix.replace(matrix.find("runs: 3"), 7, "runs: 1");
  const Nights nights(matrix);
  const fs::path output = nights.state().path() / "output";
  auto argv = commandLine(nights.arguments());
  const auto results = [&] {
    std::size_t count = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(nights.state().path() / "relapse/nights", error), end; entry != end;
         entry.increment(error))
      if (entry->path().filename().string().starts_with("c") && entry->path().extension() == ".json") ++count;
    return count;
  };
  const pid_t pid = spawn(argv, {{"XDG_STATE_HOME", nights.state().path()}}, output);
  ASSERT_TRUE(eventually(3600s, [&] { return results() >= 5 || hasEnded(pid); })) << contentOf(output);
  kill(pid, SIGKILL);
  EXPECT_EQ(waitFor(pid), 128 + SIGKILL) << contentOf(output);
  const auto before = results();
  EXPECT_GE(before, 5u);

  const Ran rest = nights.night();
  ASSERT_TRUE(rest.result.is_object()) << rest.output << rest.errors;
  EXPECT_EQ(rest.status, 0) << rest.errors;
  EXPECT_THAT(rest.errors, HasSubstr("goes on"));
  std::set<std::string> runs;
  for (const auto& cell : rest.result["cells"]) {
    EXPECT_EQ(cell["rate"]["runs"], 1) << cell.dump(2);
    for (const auto& run : cell["runs"]) EXPECT_TRUE(runs.insert(run["id"].get<std::string>()).second) << "twice";
  }
  EXPECT_EQ(runs.size(), 12u);
}

// Started by tests/slurm/run, which brings the cluster.
TEST(SlurmNightly, HasTheVerdictsOfTheLocalOneWithTheSameSeeds) {
  const Nights nights(R"(name: m
kernels: [debian-6.1]
scenarios: [errors.yaml, reads.yaml]
runs: 2
)");
  const auto with = [&](const char* engine) {
    auto arguments = nights.arguments();
    arguments.insert(arguments.end(), {"--new", "--engine", engine, "--make-jobs", "2"});
    return relapse(nights.state(), arguments);
  };
  const Ran local = with("local");
  const Ran slurm = with("slurm");
  ASSERT_TRUE(local.result.is_object()) << local.output << local.errors;
  ASSERT_TRUE(slurm.result.is_object()) << slurm.output << slurm.errors;
  EXPECT_EQ(slurm.result["engine"], "slurm");
  ASSERT_THAT(slurm.result["cells"], SizeIs(2));
  for (std::size_t cell = 0; cell < 2; ++cell) {
    const auto verdicts = [&](const json& night) {
      std::vector<std::string> words;
      for (const auto& run : night["cells"][cell]["runs"]) words.push_back(run["verdict"]);
      return words;
    };
    EXPECT_EQ(verdicts(slurm.result), verdicts(local.result)) << slurm.result.dump(2);
    EXPECT_EQ(slurm.result["cells"][cell]["rate"]["runs"], 2);
  }
}

TEST(Repeats, SideBySideSayHowOftenTheBugComes) {
  const StateFolder state;
  const Ran ran = relapse(state, {"run", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1", "--repeat", "3", "--jobs",
                                  "2", "--set", "nodes.client.cpus=1", "--set", "collect=[]"});
  EXPECT_EQ(ran.status, 0) << ran.output << ran.errors;
  std::istringstream documents(ran.output);
  std::vector<json> all;
  for (json one; documents >> std::ws && !documents.eof() && documents >> one;) all.push_back(one);
  ASSERT_THAT(all, SizeIs(4)) << ran.output;
  for (int run = 0; run < 3; ++run) EXPECT_EQ(all[static_cast<std::size_t>(run)]["verdict"]["word"], "reproduced");
  EXPECT_EQ(all[3]["runs"], 3);
  EXPECT_EQ(all[3]["reproduced"], 3);
  EXPECT_EQ(all[3]["sentence"], "reproduced 3/3 (29-100 %, 95 %); to claim it fixed at 95 %: 9 clean runs");
  EXPECT_TRUE(fs::is_empty(state.path() / "relapse/series")) << "its jobs told all";
}

}  // namespace
}  // namespace relapse::e2e
