// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever is killed: nothing is lost, nothing stays, and the next run goes on.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kLockup{"run", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1"};

struct Process {
  pid_t pid;
  pid_t parent;
  std::string name;
};

std::vector<Process> processes() {
  std::vector<Process> all;
  std::error_code ignored;
  for (fs::directory_iterator entry("/proc", ignored), end; entry != end; entry.increment(ignored)) {
    if (entry->path().filename().string().find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string stat = contentOf(entry->path() / "stat");
    const auto open = stat.find('(');
    const auto close = stat.rfind(')');
    if (open == std::string::npos || close == std::string::npos) continue;
    std::istringstream rest(stat.substr(close + 2));
    char state = 0;
    Process process{std::stoi(stat), 0, stat.substr(open + 1, close - open - 1)};
    rest >> state >> process.parent;
    if (state != 'Z') all.push_back(process);
  }
  return all;
}

std::vector<Process> descendantsOf(pid_t pid) {
  const auto all = processes();
  std::set<pid_t> family{pid};
  std::vector<Process> found;
  for (bool grew = true; std::exchange(grew, false);)
    for (const auto& process : all)
      if (family.contains(process.parent) && family.insert(process.pid).second) {
        found.push_back(process);
        grew = true;
      }
  return found;
}

bool anyAlive(const std::vector<Process>& some) {
  const auto all = processes();
  return std::ranges::any_of(some, [&](const Process& one) {
    return std::ranges::any_of(all,
                               [&](const Process& other) { return other.pid == one.pid && other.name == one.name; });
  });
}

class Killed : public testing::Test {
 protected:
  pid_t start(const std::vector<std::string>& arguments) {
    fs::remove(output_);  // of the one before
    return spawn(commandLine(arguments), {{"XDG_STATE_HOME", state_.path()}}, output_);
  }
  bool comesTo(pid_t pid, const std::string& stage) const {
    return eventually(3600s,
                      [&] { return contentOf(output_).find(stage + ": begun") != std::string::npos || hasEnded(pid); });
  }
  std::string doctor(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"doctor"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = relapse(state_, arguments);
    EXPECT_EQ(ran.status, 0) << ran.output;
    return ran.output + ran.errors;
  }
  std::vector<std::string> runs() const {
    std::vector<std::string> names;
    std::error_code ignored;
    for (fs::directory_iterator entry(state_.path() / "relapse/runs", ignored), end; entry != end; ++entry)
      if (!entry->is_symlink()) names.push_back(entry->path().filename());
    return names;
  }
  void expectAllIsWell() {
    EXPECT_THAT(doctor(), Not(HasSubstr("--clean")));
    const Ran checked = relapse(state_, {"history", "check"});
    EXPECT_EQ(checked.status, 0) << checked.output << checked.errors;
    const Ran next = relapse(state_, kLockup);
    EXPECT_EQ(next.status, 0) << next.errors;
  }

  StateFolder state_;
  fs::path output_ = state_.path() / "output";
};

TEST_F(Killed, RelapseAtEachOfItsStages) {
  for (const char* stage : {"root", "boot", "mount", "workload", "watch", "collect", "explain"}) {
    const pid_t pid = start(kLockup);
    ASSERT_TRUE(comesTo(pid, stage)) << contentOf(output_);
    const auto family = descendantsOf(pid);
    kill(pid, SIGKILL);
    ASSERT_EQ(waitFor(pid), 128 + SIGKILL) << stage << contentOf(output_);
    EXPECT_TRUE(eventually(10s, [&] { return !anyAlive(family) && guestsOf(pid).empty(); })) << stage;
    for (const auto& name : runs()) EXPECT_THAT(name, testing::EndsWith(".incomplete")) << stage;
  }
  const auto left = runs();
  EXPECT_GE(left.size(), 6u) << "each from the boot on had begun one";
  EXPECT_THAT(doctor(), HasSubstr("of a relapse that was killed"));
  EXPECT_EQ(runs(), left) << "only --clean removes";
  doctor({"--clean"});
  EXPECT_TRUE(runs().empty());
  expectAllIsWell();
}

// What DESIGN calls its supervisor.
pid_t guardOf(pid_t pid) {
  for (const auto& process : descendantsOf(pid))
    if (process.name == "relapse-guard") return process.pid;
  return -1;
}

class KilledWithItsSupervisor : public Killed, public testing::WithParamInterface<std::vector<std::string>> {};

TEST_P(KilledWithItsSupervisor, IsCleanedUpAfterByTheNextStart) {
  const pid_t pid = start(kLockup);
  ASSERT_TRUE(comesTo(pid, "watch")) << contentOf(output_);
  const pid_t guard = guardOf(pid);
  ASSERT_GT(guard, 0);
  const auto guests = guestsOf(pid);
  ASSERT_EQ(guests.size(), 1u);
  kill(guard, SIGKILL);
  kill(pid, SIGKILL);
  waitFor(pid);
  ASSERT_EQ(guestsOf(pid).size(), 1u) << "nobody is left to end it";
  EXPECT_THAT(doctor(), HasSubstr("guests"));
  ASSERT_EQ(guestsOf(pid).size(), 1u) << "doctor only looks";

  const Ran next = relapse(state_, GetParam());
  EXPECT_EQ(next.status, 0) << next.output << next.errors;
  EXPECT_TRUE(guestsOf(pid).empty());
  doctor({"--clean"});
  EXPECT_THAT(doctor(), Not(HasSubstr("--clean")));
}

INSTANTIATE_TEST_SUITE_P(By, KilledWithItsSupervisor,
                         testing::Values(kLockup, std::vector<std::string>{"doctor", "--clean"}),
                         [](const auto& how) { return how.param[0] == "run" ? "Run" : "Doctor"; });

TEST_F(Killed, ALiveRunIsNotCleanedUp) {
  const pid_t pid = start(kLockup);
  ASSERT_TRUE(comesTo(pid, "boot")) << contentOf(output_);
  EXPECT_THAT(doctor({"--clean"}), Not(HasSubstr("of a relapse that was killed")));
  EXPECT_EQ(waitFor(pid), 0) << contentOf(output_);
}

// QEMU goes where the stage says; then the exit status, and a word of the run's reason or notes.
struct GoneQemu {
  const char* stage;
  int status;
  const char* word;
};

TEST_F(Killed, Qemu) {
  for (const GoneQemu& gone :
       {GoneQemu{"boot", 125, "QEMU"}, GoneQemu{"mount", 125, "guest ended"}, GoneQemu{"collect", 0, "reproduced"}}) {
    const pid_t pid = start(kLockup);
    ASSERT_TRUE(comesTo(pid, gone.stage)) << contentOf(output_);
    ASSERT_TRUE(eventually(60s, [&] { return !guestsOf(pid).empty(); }));
    for (const pid_t guest : guestsOf(pid)) kill(guest, SIGKILL);
    EXPECT_EQ(waitFor(pid), gone.status) << gone.stage << contentOf(output_);
    EXPECT_THAT(contentOf(output_), HasSubstr(gone.word)) << gone.stage;
    const auto result = nlohmann::json::parse(contentOf(state_.onlyRun() / "result.json"), nullptr, false);
    EXPECT_TRUE(result.is_object()) << gone.stage;
    const bool printed = gone.stage != std::string_view("boot");
    EXPECT_TRUE(!printed || !contentOf(state_.onlyRun() / "console.client.log").empty())
        << "what came until then is kept";
  }
  expectAllIsWell();
}

// As one that waits for the host's disk: libvirt waits with it, and does not hear of any deadline.
TEST_F(Killed, AQemuThatAnswersNobodyIsEndedAndIsNoStuckWorkload) {
  auto arguments = kLockup;
  arguments.insert(arguments.end(), {"--set", "deadlines.reproduce=10s"});
  for (const char* stage : {"boot", "watch"}) {
    const pid_t pid = start(arguments);
    ASSERT_TRUE(comesTo(pid, stage)) << contentOf(output_);
    ASSERT_TRUE(eventually(60s, [&] { return !guestsOf(pid).empty(); }));
    for (const pid_t guest : guestsOf(pid)) kill(guest, SIGSTOP);
    EXPECT_EQ(waitFor(pid), 125) << contentOf(output_);
    EXPECT_TRUE(guestsOf(pid).empty()) << stage;
    const auto result = nlohmann::json::parse(contentOf(state_.onlyRun() / "result.json"), nullptr, false);
    ASSERT_TRUE(result.is_object()) << stage;
    EXPECT_EQ(result["verdict"]["word"], "inconclusive") << stage;
    EXPECT_THAT(result["verdict"]["reason"].get<std::string>(), HasSubstr("did not answer")) << stage;
  }
}

// A kernel that nobody has built yet: the comment is another one each time.
TEST_F(Killed, TheKernelsBuild) {
  const fs::path patch = state_.path() / "comment.patch";
  const std::string comment = "/* " + state_.path().filename().string() + " */";
  std::ofstream(patch) << "Says who was here.\n\n--- a/fs/nfs/iostat.h\n+++ b/fs/nfs/iostat.h\n@@ -1,2 +1,3 @@\n"
                          " /* SPDX-License-Identifier: GPL-2.0 */\n+"
                       << comment << "\n /*\n";
  const std::vector<std::string> build{"build", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1", "--patch", patch};
  const auto compiling = [&](pid_t pid) {
    const auto family = descendantsOf(pid);
    return std::ranges::any_of(family, [](const Process& one) { return one.name == "make"; }) &&
           std::ranges::any_of(family, [](const Process& one) { return one.name == "cc1"; });
  };

  const pid_t first = start(build);
  ASSERT_TRUE(eventually(3600s, [&] { return compiling(first) || hasEnded(first); }));
  for (const auto& one : descendantsOf(first))
    if (one.name == "make" && one.parent == first) kill(one.pid, SIGKILL);
  EXPECT_EQ(waitFor(first), 125) << contentOf(output_);
  EXPECT_THAT(contentOf(output_), HasSubstr("make was killed by signal 9"));

  const pid_t second = start(build);
  ASSERT_TRUE(eventually(3600s, [&] { return compiling(second) || hasEnded(second); })) << contentOf(output_);
  const auto family = descendantsOf(second);
  kill(second, SIGKILL);
  ASSERT_EQ(waitFor(second), 128 + SIGKILL) << contentOf(output_);
  EXPECT_TRUE(eventually(30s, [&] { return !anyAlive(family); })) << "compilers outlived their relapse";

  const Ran third = relapse(state_, build);
  EXPECT_EQ(third.status, 0) << third.output << third.errors;
}

}  // namespace
}  // namespace relapse::e2e
