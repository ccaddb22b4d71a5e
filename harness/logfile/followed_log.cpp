// SPDX-License-Identifier: GPL-2.0-or-later
#include "logfile/followed_log.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <utility>

namespace relapse::logfile {
namespace {

using Clock = std::chrono::steady_clock;

bool isRegular(int descriptor) {
  struct stat about {};
  return fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
}

}  // namespace

FollowedLog::FollowedLog(std::string name, RawBytes raw, bool isFile)
    : name_(std::move(name)), raw_(std::move(raw)), isFile_(isFile) {
  if (isFile_) watch();
}

Result<FollowedLog> FollowedLog::open(const std::string& name) {
  auto descriptor = openLog(name);
  if (!descriptor) return passOn(std::move(descriptor).error());
  const bool isFile = isRegular(descriptor->get());
  RawBytes raw(shownName(name), std::move(*descriptor));
  return FollowedLog(name, std::move(raw), isFile);
}

// Without inotify, next() still looks each time that it is called.
void FollowedLog::watch() {
  if (name_ == "-") return;
  changes_ = process::Descriptor(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (changes_.isOpen())
    inotify_add_watch(changes_.get(), name_.c_str(), IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF);
}

Result<FollowStep> FollowedLog::next(std::chrono::milliseconds patience, const std::stop_token& stop) {
  const auto deadline = Clock::now() + patience;
  while (!stop.stop_requested()) {
    if (isFile_) {
      auto step = look();
      if (!step || !std::holds_alternative<Quiet>(*step)) return step;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return FollowStep(Quiet{});
    pollfd readable{raw_.descriptor(), POLLIN, 0};
    wait(left, stop);
    if (isFile_ || poll(&readable, 1, 0) <= 0) continue;
    return more(Ended{});
  }
  return FollowStep(Ended{});
}

// What has become of the file; Quiet: nothing.
Result<FollowStep> FollowedLog::look() {
  if (shrank()) return FollowStep(Restarted{"it was truncated"});
  auto step = more(Quiet{});
  return step && std::holds_alternative<Quiet>(*step) && replaced() ? reopen() : step;
}

// The next bytes; `nothing` when there are none.
Result<FollowStep> FollowedLog::more(FollowStep nothing) {
  const auto piece = raw_.next();
  if (!piece) return passOn(piece.error());
  if (piece->empty()) return nothing;
  if (const auto found = packingOf(*piece); read_ == 0 && found.packing != Packing::None)
    return fail(FailureKind::BadInput,
                fmt::format("{}: expected a plain log to follow, found {}", shownName(name_), found.name));
  read_ += static_cast<off_t>(piece->size());
  return FollowStep(Grown{*piece});
}

bool FollowedLog::shrank() {
  struct stat about {};
  if (fstat(raw_.descriptor(), &about) != 0 || about.st_size >= read_) return false;
  lseek(raw_.descriptor(), 0, SEEK_SET);
  read_ = 0;
  return true;
}

bool FollowedLog::replaced() const {
  struct stat mine {};
  struct stat named {};
  if (name_ == "-" || fstat(raw_.descriptor(), &mine) != 0 || stat(name_.c_str(), &named) != 0) return false;
  return mine.st_dev != named.st_dev || mine.st_ino != named.st_ino;
}

Result<FollowStep> FollowedLog::reopen() {
  auto another = open(name_);
  if (!another && !replaced()) return FollowStep(Quiet{});  // it has gone again
  if (!another) return passOn(std::move(another).error());
  *this = std::move(*another);
  return FollowStep(Restarted{"another file has its name"});
}

// Until something may have happened.
void FollowedLog::wait(std::chrono::milliseconds patience, const std::stop_token& stop) const {
  const process::Descriptor stopped(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const std::stop_callback onStop(stop, [&] {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = write(stopped.get(), &one, sizeof one);
  });
  std::array<pollfd, 2> wanted{
      {{isFile_ ? changes_.get() : raw_.descriptor(), POLLIN, 0}, {stopped.get(), POLLIN, 0}}};  // -1 is left out
  poll(wanted.data(), wanted.size(), static_cast<int>(patience.count()));
  std::array<char, 4096> told;
  while (isFile_ && changes_.isOpen() && ::read(changes_.get(), told.data(), told.size()) > 0) continue;
}

}  // namespace relapse::logfile
