// SPDX-License-Identifier: GPL-2.0-or-later
#include "process/process.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "process/child.hpp"
#include "process/lines.hpp"
#include "process/stop_signal.hpp"

namespace relapse::process {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kGrace{2};
constexpr std::size_t kQuotedLines = 5;

// One program from its start to its end; lives on the caller's thread.
class Conversation {
 public:
  Conversation(Child child, const Options& options)
      : child_(std::move(child)),
        options_(options),
        stop_(options.stop),
        started_(Clock::now()),
        output_(options.keepBytes, listener(Stream::Output)),
        error_(options.keepBytes, listener(Stream::Error)) {}

  Result<Output> toTheEnd() {
    while (!isOver()) step();
    const int status = child_.reap();
    output_.finish();
    error_.finish();
    if (cancelled_) return fail(FailureKind::Cancelled, "cancelled");
    return Output{endOf(status), output_.take(), error_.take()};
  }

 private:
  bool isOver() const {
    const bool silent = !outputOpen_ && !errorOpen_;
    return (ended_ && silent) || (killAt_ && Clock::now() >= *killAt_);
  }

  void step() {
    std::array<pollfd, 4> polled{{{outputOpen_ ? child_.output() : -1, POLLIN, 0},
                                  {errorOpen_ ? child_.error() : -1, POLLIN, 0},
                                  {ended_ ? -1 : child_.ended(), POLLIN, 0},
                                  {cancelled_ ? -1 : stop_.descriptor(), POLLIN, 0}}};
    ::poll(polled.data(), polled.size(), untilNextInstant());
    if (polled[0].revents != 0) outputOpen_ = read(child_.output(), output_);
    if (polled[1].revents != 0) errorOpen_ = read(child_.error(), error_);
    if (polled[2].revents != 0) noteEnd();
    if (polled[3].revents != 0) cancel();
    if (deadlineIsDue()) passDeadline();
  }

  bool deadlineIsDue() const {
    return options_.deadline && !ended_ && !killAt_ && Clock::now() >= started_ + *options_.deadline;
  }

  // Milliseconds for poll(), rounded up; -1 without an instant to wait for.
  int untilNextInstant() const {
    std::optional<Clock::time_point> next = killAt_;
    if (!next && !ended_ && options_.deadline) next = started_ + *options_.deadline;
    if (!next) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Clock::now()).count();
    return static_cast<int>(std::clamp<long>(left, 0, 1'000'000));
  }

  // False at the stream's end.
  static bool read(int descriptor, StreamText& text) {
    std::array<char, 65536> buffer;
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count > 0) text.add({buffer.data(), static_cast<std::size_t>(count)});
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
  }

  void noteEnd() {
    ended_ = true;
    startGrace();
  }
  void cancel() {
    cancelled_ = true;
    child_.signalGroup(SIGTERM);
    startGrace();
  }
  void passDeadline() {
    deadlinePassed_ = true;
    child_.signalGroup(SIGTERM);
    startGrace();
  }
  void startGrace() {
    if (!killAt_) killAt_ = Clock::now() + kGrace;
  }

  End endOf(int status) const {
    if (deadlinePassed_) return DeadlinePassed{};
    if (WIFEXITED(status)) return Exited{WEXITSTATUS(status)};
    return Killed{WTERMSIG(status)};
  }

  std::function<void(std::string_view)> listener(Stream stream) const {
    if (!options_.onLine) return {};
    return [this, stream](std::string_view line) { options_.onLine(stream, line); };
  }

  Child child_;
  const Options& options_;
  StopSignal stop_;
  Clock::time_point started_;
  StreamText output_, error_;
  bool outputOpen_ = child_.output() >= 0, errorOpen_ = child_.error() >= 0;
  bool ended_ = false, cancelled_ = false, deadlinePassed_ = false;
  std::optional<Clock::time_point> killAt_;
};

std::string describe(const End& end) {
  if (const auto* exited = std::get_if<Exited>(&end)) return "ended with status " + std::to_string(exited->status);
  if (const auto* killed = std::get_if<Killed>(&end)) return "was killed by signal " + std::to_string(killed->signal);
  return "did not end before its deadline";
}

std::string quoted(const Command& command) {
  std::string text;
  for (const std::string& argument : command.argv) text += (text.empty() ? "" : " ") + argument;
  return text.size() > 300 ? text.substr(0, 297) + "..." : text;
}

bool isProgram(const std::filesystem::path& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(file.c_str(), X_OK) == 0;
}

}  // namespace

bool Output::succeeded() const {
  const auto* exited = std::get_if<Exited>(&end);
  return exited != nullptr && exited->status == 0;
}

Result<Output> run(const Command& command, const Options& options) {
  if (options.stop.stop_requested()) return fail(FailureKind::Cancelled, "cancelled");
  auto child = Child::start(command);
  if (!child) return passOn(child.error());
  return Conversation(std::move(*child), options).toTheEnd();
}

Result<Output> runChecked(const Command& command, const Options& options, FailureKind kind) {
  auto output = run(command, options);
  if (!output || output->succeeded()) return output;
  if (std::holds_alternative<DeadlinePassed>(output->end)) kind = FailureKind::Exhausted;
  std::string said = lastLines(output->standardError, kQuotedLines);
  if (said.empty()) said = lastLines(output->standardOutput, kQuotedLines);
  return fail(kind, "`" + quoted(command) + "` " + describe(output->end) + (said.empty() ? "" : ": " + said));
}

std::optional<std::filesystem::path> findProgram(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::string_view folders = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  while (true) {
    const std::size_t end = folders.find(':');
    const std::string_view folder = folders.substr(0, end);
    const auto file = std::filesystem::path(folder.empty() ? "." : folder) / name;
    if (isProgram(file)) return file;
    if (end == std::string_view::npos) return std::nullopt;
    folders.remove_prefix(end + 1);
  }
}

}  // namespace relapse::process
