// SPDX-License-Identifier: GPL-2.0-or-later
// What a run finds out about its event: the decoded trace, who spins, and whether the host let the guest run.
#include <gmock/gmock.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "process/process.hpp"
#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

const json& decisive(const json& result) {
  return result["events"][result["verdict"]["events"][0].get<std::size_t>()];
}

// Of the lines "stack count".
int sumOfCounts(const std::string& folded) {
  std::istringstream lines(folded);
  int sum = 0;
  for (std::string line; std::getline(lines, line);) sum += std::stoi(line.substr(line.rfind(' ')));
  return sum;
}

// One run, looked at from all sides.
class OfALockup : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    state_ = new StateFolder;
    ran_ = new Ran(relapse(*state_, {"run", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1"}));
  }
  static void TearDownTestSuite() {
    delete ran_;
    delete state_;
  }
  void SetUp() override {
    ASSERT_TRUE(ran_->result.is_object()) << ran_->output << ran_->errors;
    ASSERT_EQ(ran_->result["verdict"]["word"], "reproduced") << ran_->result["verdict"];
  }
  const json& result() const { return ran_->result; }
  fs::path folder() const { return state_->onlyRun(); }

 private:
  static inline StateFolder* state_ = nullptr;
  static inline Ran* ran_ = nullptr;
};

TEST_F(OfALockup, EveryFrameIsDecoded) {
  ASSERT_GT(decisive(result())["frames"].size(), 5u);
  json wbPage;
  for (const auto& frame : decisive(result())["frames"]) {
    ASSERT_TRUE(frame.contains("calls")) << frame;
    EXPECT_EQ(frame["calls"].back()["function"], frame["symbol"]) << frame;
    if (frame["symbol"] == "nfs_wb_page") wbPage = frame["calls"].back();
  }
  ASSERT_TRUE(wbPage.is_object());
  EXPECT_EQ(wbPage["file"], "fs/nfs/write.c");
  EXPECT_GT(wbPage["line"].get<int>(), 1000);
}

TEST_F(OfALockup, TheSpinningVcpuIsSeenFromOutside) {
  const auto& spin = result()["spin"];
  const auto stuck = decisive(result())["cpu"].get<std::size_t>();
  ASSERT_EQ(spin["vcpus"].size(), 2u);
  EXPECT_GE(spin["samples"].get<int>(), 10);
  EXPECT_TRUE(spin["vcpus"][stuck]["spins"].get<bool>()) << spin;
  EXPECT_FALSE(spin["vcpus"][1 - stuck]["spins"].get<bool>()) << "the others sleep";
  EXPECT_THAT(spin["vcpus"][stuck]["common"], Contains("nfs_wb_page"));
  int innermost = 0;
  for (const auto& share : spin["vcpus"][stuck]["innermost"]) innermost += share["samples"].get<int>();
  EXPECT_EQ(innermost, spin["samples"]);
}

TEST_F(OfALockup, TheRawSamplesAndTheirStacksAreKept) {
  const int samples = result()["spin"]["samples"];
  const auto raw = json::parse(contentOf(folder() / "registers.json"));
  ASSERT_EQ(raw["samples"].size(), static_cast<std::size_t>(samples));
  for (const auto& vcpu : raw["samples"][0]["vcpus"]) EXPECT_EQ(vcpu["x"].size(), 31u);
  EXPECT_EQ(sumOfCounts(contentOf(folder() / "spin.folded")), 2 * samples);
}

TEST_F(OfALockup, TheVcpuReallyRan) {
  EXPECT_TRUE(decisive(result())["artefact"].is_null());
  EXPECT_GT(decisive(result())["host"]["vcpu_share"].get<double>(), 0.1);
}

TEST_F(OfALockup, ThePostMortemIsThere) {
  EXPECT_THAT(result()["postmortem"]["sentence"].get<std::string>(), HasSubstr("nfs_wb_page() cannot end"));
  EXPECT_TRUE(result()["notes"].empty()) << result()["notes"];
  EXPECT_THAT(contentOf(folder() / "postmortem.txt"), HasSubstr("4 tasks: appender-0..3"));
}

TEST_F(OfALockup, ItsPageIsThereAndTellsTheSame) {
  const std::string page = contentOf(folder() / "report.html");
  for (const char* part : {"nfs_wb_page() cannot end", "4 tasks: appender-0..3",
                           "fs/nfs/write.c:", "data-full=\"nfs_wb_page: ", "fill-export", "relapse replay "})
    EXPECT_THAT(page, HasSubstr(part));
}

// With what the first run was made of.
TEST_F(OfALockup, AVmlinuxWithoutDebugInformationCostsTheExplanationAlone) {
  const StateFolder state;
  const fs::path stripped = state.path() / "vmlinux";
  const auto made = process::run(
      {{"aarch64-linux-gnu-objcopy", "--strip-debug", (folder() / "bundle/vmlinux").string(), stripped.string()}});
  ASSERT_TRUE(made && made->succeeded());
  const Ran ran =
      relapse(state, {"run", "nfs-wb-page-soft-lockup", "--image", folder() / "bundle/Image", "--vmlinux", stripped});
  ASSERT_TRUE(ran.result.is_object()) << ran.output << ran.errors;
  EXPECT_EQ(ran.result["verdict"]["word"], "reproduced");
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.result["notes"].dump(), HasSubstr("CONFIG_DEBUG_INFO"));
  EXPECT_TRUE(fs::exists(state.onlyRun() / "vmcore"));
}

TEST(PostMortem, ThatFailsIsANoteAndTheVerdictStands) {
  const StateFolder state;
  const fs::path bin = state.path() / "bin";
  fs::create_directory(bin);
  std::ofstream(bin / "drgn") << "#!/bin/sh\necho out of order >&2\nexit 1\n";
  fs::permissions(bin / "drgn", fs::perms(0755));
  const Ran ran = relapse(state, {"run", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1"},
                          {{"PATH", bin.string() + ":" + std::getenv("PATH")}});
  ASSERT_TRUE(ran.result.is_object()) << ran.output << ran.errors;
  EXPECT_EQ(ran.result["verdict"]["word"], "reproduced");
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.result["notes"].dump(), HasSubstr("out of order"));
  EXPECT_TRUE(fs::exists(state.onlyRun() / "vmcore"));
  EXPECT_TRUE(ran.result.contains("spin")) << "the rest of the evidence is there";
}

// Its one vCPU is busy: a kernel that wakes up from idle forgives the time that has gone, and reports nothing.
TEST(StarvedGuest, IsNoLockup) {
  const StateFolder state;
  const fs::path output = state.path() / "output";
  const pid_t pid =
      spawn(commandLine({"run", "nfs-fatal-error-fixed", "--kernel", "debian-6.1", "--json", "--set",
                         "nodes.client.cpus=1", "--set",
                         R"(steps=[{shell: {command: "while :; do :; done & sleep 12; kill $!", background: true}}])",
                         "--set", "expect={reproduced: {event: soft-lockup, frames: []}}"}),
            {{"XDG_STATE_HOME", state.path()}}, output);
  ASSERT_TRUE(eventually(3600s, [&] {
    return contentOf(output).find("watch: begun") != std::string::npos || hasEnded(pid);
  })) << contentOf(output);
  const auto guests = guestsOf(pid);
  ASSERT_EQ(guests.size(), 1u) << contentOf(output);
  kill(guests[0], SIGSTOP);  // as a host does that has no time for it
  std::this_thread::sleep_for(6s);
  kill(guests[0], SIGCONT);
  EXPECT_EQ(waitFor(pid), 125) << contentOf(output);
  EXPECT_THAT(contentOf(output), HasSubstr("suspect: host"));
}

}  // namespace
}  // namespace relapse::e2e
