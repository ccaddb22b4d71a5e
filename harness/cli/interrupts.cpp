// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/interrupts.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace relapse::cli {
namespace {

std::atomic<int> wakePipe{-1};

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

void onSignal(int) {
  const int saved = errno;
  if (const int pipe = wakePipe.load(); pipe >= 0) [[maybe_unused]]
    const auto written = write(pipe, "!", 1);
  errno = saved;
}

}  // namespace

Interrupts::Interrupts() {
  if (pipe2(ends_, O_CLOEXEC) != 0) return;
  wakePipe = ends_[1];
  listener_ = std::jthread([this] {
    char byte = 0;
    if (read(ends_[0], &byte, 1) == 1 && byte == '!') source_.request_stop();
  });
  struct sigaction action {};
  action.sa_handler = onSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  for (const int signal : kSignals) sigaction(signal, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

Interrupts::~Interrupts() {
  if (ends_[1] < 0) return;
  for (const int signal : kSignals) ::signal(signal, SIG_DFL);
  wakePipe = -1;
  [[maybe_unused]] const auto written = write(ends_[1], ".", 1);
  listener_.join();
  close(ends_[0]);
  close(ends_[1]);
}

}  // namespace relapse::cli
