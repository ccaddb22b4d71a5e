// SPDX-License-Identifier: GPL-2.0-or-later
#include "process/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>

namespace relapse::process {

namespace {

// flock() can wait, but not for a stop request as well: it is asked again every so often.
constexpr std::chrono::milliseconds kAskAgain{100};

bool stopRequestedWithin(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
  return stop.stop_requested();
}

tl::unexpected<Failure> cannotLock(const std::filesystem::path& file, int error) {
  return fail(FailureKind::HostLacks, "cannot lock " + file.string() + ": " + std::system_category().message(error));
}

}  // namespace

Result<FileLock> FileLock::take(const std::filesystem::path& file, const LockOptions& options) {
  Descriptor descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!descriptor.isOpen()) return cannotLock(file, errno);
  bool waited = false;
  while (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return cannotLock(file, errno);
    if (!std::exchange(waited, true) && options.onWait) options.onWait();
    if (stopRequestedWithin(kAskAgain, options.stop)) return fail(FailureKind::Cancelled, "cancelled");
  }
  return FileLock(std::move(descriptor));
}

}  // namespace relapse::process
