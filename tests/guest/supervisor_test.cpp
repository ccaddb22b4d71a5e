// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/supervisor.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;

class SupervisorTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "guard-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(root_); }

  // A process that looks like a guest of `root`: it is called qemu-system-... and names the folder.
  static pid_t pretendGuest(const fs::path& root) {
    const pid_t pid = fork();
    if (pid == 0) {
      const std::string argument = root.string() + "/1/Image";
      execl("/bin/sh", "qemu-system-pretended", "-c", "read line </dev/zero; exec sleep 1000", argument.c_str(),
            nullptr);
      _exit(127);
    }
    // Until the exec has happened its command line is still that of this test.
    for (std::string name; name.find("qemu-system-pretended") == std::string::npos;)
      std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/cmdline"), name, '\0');
    return pid;
  }

  static bool killed(pid_t pid) {
    int status = 0;
    return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

  fs::path root_;
};

TEST_F(SupervisorTest, EndsTheGuestsAndRemovesTheFolderWhenItsOwnerGoes) {
  const pid_t guest = pretendGuest(root_);
  {
    const auto supervisor = Supervisor::start(root_);
    ASSERT_TRUE(supervisor);
  }
  EXPECT_TRUE(killed(guest));
  EXPECT_FALSE(fs::exists(root_));
}

TEST_F(SupervisorTest, DoesSoAfterAKillNineOfItsOwner) {
  const pid_t guest = pretendGuest(root_);
  const pid_t owner = fork();
  if (owner == 0) {
    const auto supervisor = Supervisor::start(root_);
    std::ofstream(root_ / "ready") << "yes";
    while (true) pause();
  }
  while (!fs::exists(root_ / "ready")) usleep(1000);
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  EXPECT_TRUE(killed(guest));
}

TEST_F(SupervisorTest, ReapsAGuestThatEndedAndNoOtherChild) {
  const pid_t guest = fork();
  if (guest == 0) {
    prctl(PR_SET_NAME, "qemu-system-x");
    _exit(0);
  }
  const pid_t other = fork();
  if (other == 0) _exit(0);
  siginfo_t info{};
  for (const pid_t pid : {guest, other}) ASSERT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(reapGuests(), 1);
  EXPECT_EQ(waitpid(guest, nullptr, WNOHANG), -1) << "it is gone";
  EXPECT_EQ(waitpid(other, nullptr, WNOHANG), other) << "it is still there for whoever waits";
}

TEST_F(SupervisorTest, LeavesTheGuestsOfOthersAlone) {
  const pid_t other = pretendGuest(root_.string() + "-other");
  EXPECT_EQ(killGuestsOf(root_), 0);
  EXPECT_EQ(kill(other, 0), 0);
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
}

}  // namespace
}  // namespace relapse::guest
