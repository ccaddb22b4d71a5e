// SPDX-License-Identifier: GPL-2.0-or-later
// A shell in a scenario's guest: by a pipe, and on a terminal.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include "process/process.hpp"
#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

const std::vector<std::string> kShell{"shell", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1"};

TEST(Shell, LinesOfAPipeAreRunOneByOneAndItsStatusIsTheShells) {
  const StateFolder state;
  std::ofstream(state.path() / "lines") << "cd /mnt\npwd\nfor i in 1 2\ndo echo number $i\ndone\n"
                                           "work write-and-read-back\n\x1d"
                                           "console\n(exit 3)\n";
  auto argv = commandLine(kShell);
  argv.insert(argv.begin(), {"sh", "-c", "exec \"$@\" <" + (state.path() / "lines").string(), "sh"});
  const auto ran = process::run({argv, {}, {{"XDG_STATE_HOME", state.path()}}});
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(std::get<process::Exited>(ran->end).status, 1) << ran->standardError;
  EXPECT_THAT(ran->standardOutput, HasSubstr("/mnt\nnumber 1\nnumber 2\n{\"result\":\"done\""));
  EXPECT_THAT(ran->standardError, HasSubstr("relapse: eyes open")) << "the host's line";
  EXPECT_TRUE(fs::exists(state.path() / "relapse/shells/latest/console.client.log"));
}

// relapse on a terminal of the test's own.
class OnATerminal : public testing::Test {
 protected:
  void SetUp() override {
    winsize size{40, 100, 0, 0};
    ASSERT_EQ(openpty(&user_, &its_, nullptr, nullptr, &size), 0);
    tcgetattr(its_, &before_);
    pid_ = fork();
    if (pid_ == 0) become();
    EXPECT_TRUE(hears("client# ")) << heard_;
  }
  void TearDown() override {
    if (pid_ > 0 && !ended_) kill(pid_, SIGKILL);
    if (pid_ > 0 && !ended_) waitFor(pid_);
    close(user_);
    close(its_);
  }

  [[noreturn]] void become() {
    close(user_);
    login_tty(dup(its_));
    setenv("XDG_STATE_HOME", state_.path().c_str(), 1);
    auto words = commandLine(kShell);
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }

  void type(const std::string& text) { EXPECT_EQ(write(user_, text.data(), text.size()), ssize_t(text.size())); }

  // Until `text` is on the screen behind what was looked for before.
  bool hears(const std::string& text) {
    return eventually(300s, [&] {
      pollfd wait{user_, POLLIN, 0};
      std::array<char, 4096> buffer;
      while (poll(&wait, 1, 0) > 0) {
        const ssize_t n = read(user_, buffer.data(), buffer.size());
        if (n <= 0) break;
        heard_.append(buffer.data(), static_cast<std::size_t>(n));
      }
      const auto found = heard_.find(text, looked_);
      if (found != std::string::npos) looked_ = found + text.size();
      return found != std::string::npos;
    });
  }

  int endOfIt() {
    ended_ = true;
    return waitFor(pid_);
  }

  void expectAsBefore() {
    EXPECT_TRUE(eventually(10s, [&] {
      termios now{};
      tcgetattr(its_, &now);
      return now.c_lflag == before_.c_lflag && now.c_oflag == before_.c_oflag && now.c_iflag == before_.c_iflag;
    })) << "the terminal's settings";
    EXPECT_TRUE(eventually(10s, [&] { return guestsOf(pid_).empty(); }));
  }

  const StateFolder state_;
  int user_ = -1;
  int its_ = -1;
  pid_t pid_ = -1;
  bool ended_ = false;
  termios before_{};
  std::string heard_;
  std::size_t looked_ = 0;
};

TEST_F(OnATerminal, ItIsARealOneAndEndsWithTheShell) {
  type("stty size; tty; echo $((6 * 7))\r");
  EXPECT_TRUE(hears("40 100\r\n/dev/hvc0\r\n42\r\n")) << heard_;
  type("echo $((40 + 3)); sleep 1000\r");
  EXPECT_TRUE(hears("43\r\n")) << "it runs: until then Ctrl-C would be the line editor's";
  type("\x03");
  EXPECT_TRUE(hears("client# ")) << "Ctrl-C is the guest's";
  winsize size{33, 90, 0, 0};
  ioctl(its_, TIOCSWINSZ, &size);
  kill(pid_, SIGWINCH);
  type("until stty size | grep -q '33 90'; do sleep 1; done; echo $((33 * 90))\r");
  EXPECT_TRUE(hears("2970\r\n")) << heard_;
  type(
      "\x1d"
      "gdb\r");
  EXPECT_TRUE(hears("relapse> gdb")) << heard_;
  EXPECT_TRUE(hears("relapse shell --gdb"));
  type(
      "\x1d"
      "steps\r");
  EXPECT_TRUE(hears("[client] soft-lockup: ")) << "an event is shown between the lines";
  type(
      "\x1d"
      "quit\r");
  EXPECT_EQ(endOfIt(), 0);
  expectAsBefore();
}

TEST_F(OnATerminal, CtrlDEndsIt) {
  type("\x04");
  EXPECT_EQ(endOfIt(), 0);
  expectAsBefore();
}

TEST_F(OnATerminal, APowerOffEndsIt) {
  type("poweroff\r");
  EXPECT_EQ(endOfIt(), 0);
  expectAsBefore();
}

class Killed : public OnATerminal, public testing::WithParamInterface<int> {};

TEST_P(Killed, LeavesTheTerminalAsItWasAndNoGuest) {
  kill(pid_, GetParam());
  EXPECT_EQ(endOfIt(), GetParam() == SIGKILL ? 128 + SIGKILL : 130);
  expectAsBefore();
}

INSTANTIATE_TEST_SUITE_P(By, Killed, testing::Values(SIGTERM, SIGHUP, SIGKILL),
                         [](const auto& signal) { return "Signal" + std::to_string(signal.param); });

TEST_F(OnATerminal, QemusDeathEndsIt) {
  for (const pid_t guest : guestsOf(pid_)) kill(guest, SIGKILL);
  EXPECT_EQ(endOfIt(), 125);
  expectAsBefore();
}

}  // namespace
}  // namespace relapse::e2e
