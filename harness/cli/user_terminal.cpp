// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/user_terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

namespace relapse::cli {
namespace {

volatile sig_atomic_t sizeChanged = 0;
volatile sig_atomic_t continued = 0;

void onSizeChange(int) {
  sizeChanged = 1;
}

void onContinue(int) {
  continued = 1;
}

// Without SA_RESTART: a poll() ends at once.
void listenTo(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigaction(signal, &action, nullptr);
}

// False: nobody reads it any more.
bool writeAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      pollfd wait{descriptor, POLLOUT, 0};
      poll(&wait, 1, 1000);
      continue;
    }
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// As relapse leaves it, and no other program would: nothing is made of what is typed or printed.
bool isRaw(const termios& settings) {
  return (settings.c_lflag & (ICANON | ISIG | ECHO)) == 0 && (settings.c_oflag & OPOST) == 0;
}

// The guardian: when relapse is gone, a terminal that is still raw gets its settings back.
[[noreturn]] void waitAndRestore(int pipe, const termios& before) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTOU, SIGPIPE}) ::signal(signal, SIG_IGN);
  char byte = 0;
  while (read(pipe, &byte, 1) < 0 && errno == EINTR) {
  }
  termios now{};
  if (tcgetattr(STDIN_FILENO, &now) == 0 && isRaw(now)) tcsetattr(STDIN_FILENO, TCSANOW, &before);
  _exit(0);
}

}  // namespace

std::unique_ptr<UserTerminal> UserTerminal::open() {
  std::unique_ptr<UserTerminal> terminal(new UserTerminal());
  terminal->terminal_ =
      isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && tcgetattr(STDIN_FILENO, &terminal->before_) == 0;
  if (terminal->terminal_) terminal->guard();
  return terminal;
}

void UserTerminal::guard() {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  guardian_ = fork();
  if (guardian_ == 0) {
    close(ends[1]);
    waitAndRestore(ends[0], before_);
  }
  close(ends[0]);
  pipe_ = ends[1];
}

UserTerminal::~UserTerminal() {
  if (raw_) {
    if (withinLine_) UserTerminal::show("\r\n");
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    for (const int signal : {SIGWINCH, SIGCONT}) ::signal(signal, SIG_DFL);
  }
  if (pipe_ >= 0) close(pipe_);
  if (guardian_ > 0)
    while (waitpid(guardian_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

Result<void> UserTerminal::begin() {
  if (!terminal_) return {};
  during_ = before_;
  cfmakeraw(&during_);
  if (tcsetattr(STDIN_FILENO, TCSADRAIN, &during_) != 0)
    return fail(FailureKind::HostLacks, fmt::format("the terminal: {}", std::strerror(errno)));
  raw_ = true;
  listenTo(SIGWINCH, onSizeChange);
  listenTo(SIGCONT, onContinue);
  return {};
}

std::optional<std::string> UserTerminal::typed() {
  if (raw_ && continued != 0) {  // who stopped it had the terminal meanwhile
    continued = 0;
    sizeChanged = 1;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &during_);
  }
  if (closed_) return std::nullopt;
  pollfd wait{STDIN_FILENO, POLLIN, 0};
  if (poll(&wait, 1, 0) <= 0) return std::string();
  std::array<char, 4096> buffer;
  const ssize_t n = read(STDIN_FILENO, buffer.data(), buffer.size());
  if (n > 0) return std::string(buffer.data(), static_cast<std::size_t>(n));
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return std::string();
  return std::nullopt;
}

void UserTerminal::show(std::string_view bytes) {
  if (!bytes.empty()) withinLine_ = bytes.back() != '\n';
  if (!writeAll(STDOUT_FILENO, bytes)) closed_ = true;
}

void UserTerminal::notice(const std::string& line) {
  if (raw_) return show(fmt::format("\r\x1b[K{}\r\n", line));
  writeAll(STDERR_FILENO, fmt::format("{}\n", line));
}

run::ShellTerminal::Size UserTerminal::size() const {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {};
  return {size.ws_row, size.ws_col};
}

bool UserTerminal::resized() {
  const bool changed = sizeChanged != 0;
  sizeChanged = 0;
  return changed;
}

}  // namespace relapse::cli
