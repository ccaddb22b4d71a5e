// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/display.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

#include "cli/plain_lines.hpp"
#include "report/terminal.hpp"

namespace relapse::cli {
namespace {

using namespace std::chrono_literals;
using What = run::StageUpdate::What;

constexpr auto kPlainEvery = 30s;

std::chrono::milliseconds since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
}

std::size_t terminalWidth() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

std::string count(const run::StageUpdate& update) {
  if (update.total > 0) return fmt::format("{}/{}", update.done, update.total);
  return update.done > 0 ? std::to_string(update.done) : std::string();
}

}  // namespace

Display::Display(bool terminal, bool quiet, bool colour) : terminal_(terminal), quiet_(quiet), colour_(colour) {
  if (!terminal_ || quiet_) return;
  ticker_ = std::jthread([this](const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      wake_.wait_for(lock, stop, 200ms, [] { return false; });
      if (active_) redraw();
    }
  });
}

Display::~Display() {
  if (ticker_.joinable()) {
    ticker_.request_stop();
    ticker_.join();
  }
  if (terminal_ && active_) (void)std::fputs("\r\x1b[K", stderr);
}

void Display::show(const run::StageUpdate& update) {
  if (quiet_) return;
  const std::lock_guard lock(mutex_);
  if (update.what == What::Begun) {
    began_ = std::chrono::steady_clock::now();
    lastPlain_ = began_;
  }
  terminal_ ? drawLive(update) : plainLine(update);
}

void Display::drawLive(const run::StageUpdate& update) {
  const bool over = update.what == What::Done || update.what == What::Failed;
  active_ = !over;
  if (!over) {
    present_ = update;
    if (update.what == What::Begun) redraw();
    return;
  }
  const bool good = update.what == What::Done;
  const std::string mark = colour_ ? (good ? "\x1b[32m✓\x1b[0m" : "\x1b[31m✗\x1b[0m") : (good ? "✓" : "✗");
  const std::string text = good ? "" : "  " + report::plain(update.text.substr(0, update.text.find('\n')));
  fmt::print(stderr, "\r\x1b[K{} {:<9} {:>12}{}\n", mark, update.stage, report::duration(update.took), text);
}

void Display::redraw() {
  std::string line = fmt::format("  {:<9} {:>12}  {:>9}  {}", present_.stage, report::duration(since(began_)),
                                 count(present_), report::plain(present_.text));
  line.resize(std::min(line.size(), terminalWidth() - 1));
  fmt::print(stderr, "\r\x1b[K{}", line);
  (void)std::fflush(stderr);
}

void Display::plainLine(const run::StageUpdate& update) {
  switch (update.what) {
    case What::Begun:
      fmt::print(stderr, "{}: begun\n", update.stage);
      break;
    case What::Done:
      fmt::print(stderr, "{}: done in {}\n", update.stage, report::duration(update.took));
      break;
    case What::Failed:
      fmt::print(stderr, "{}: failed after {}: {}\n", update.stage, report::duration(update.took),
                 plainLines(update.text));
      break;
    case What::Progress:
      if (std::chrono::steady_clock::now() - lastPlain_ < kPlainEvery) break;
      lastPlain_ = std::chrono::steady_clock::now();
      fmt::print(stderr, "{}: {} {}\n", update.stage, count(update), report::plain(update.text));
  }
}

}  // namespace relapse::cli
