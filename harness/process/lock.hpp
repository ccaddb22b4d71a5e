// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>

#include "failure/values.hpp"
#include "process/descriptor.hpp"

namespace relapse::process {

struct LockOptions {
  std::stop_token stop = {};
  std::function<void()> onWait = {};  // called once, when another process holds it
};

// An exclusive advisory lock (flock) on a file, which is made if missing and stays. Let go by the
// destructor, and by the kernel when this process dies; a program that run() starts does not
// inherit it. Two locks of one process exclude each other, too.
class FileLock {
 public:
  // Waits for it. Failures: Cancelled, HostLacks (the file cannot be made).
  static Result<FileLock> take(const std::filesystem::path& file, const LockOptions& options = {});

 private:
  explicit FileLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  Descriptor descriptor_;
};

}  // namespace relapse::process
