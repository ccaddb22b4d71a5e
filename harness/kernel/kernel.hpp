// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>

#include "failure/values.hpp"
#include "kernel/values.hpp"

namespace relapse::kernel {

// Where kernels come from and are kept.
struct Places {
  std::filesystem::path cache;    // $XDG_CACHE_HOME/relapse: sources/, trees/, kernels/, ... below it
  std::filesystem::path configs;  // kernel-configs/, with sources.yaml
};

struct BuildOptions {
  std::function<void(const Progress&)> onProgress = {};  // called on the caller's thread
  std::chrono::seconds deadline{1800};                   // of the build alone
  int jobs = 0;                                          // 0: one per core
  std::stop_token stop = {};
};

// Source -> series -> config -> Image and vmlinux, from the cache where the same was built before.
// Safe against other processes that do the same at the same time (locks in the cache).
// Failures: BadInput (unknown source, series without a folder for the line, a patch that does not
// apply: names patch, file and hunk; an option that olddefconfig dropped: names it), HostLacks (no
// source could be had, a program is missing), BuildFailed (first compiler error, path of the log),
// Exhausted, Cancelled.
Result<KernelImage> obtain(const KernelRequest& request, const Places& places, const BuildOptions& options);

// One's own build. Checks that Image is an arm64 kernel, that vmlinux is an aarch64 ELF file, and that the folder of
// modules (empty: none) holds *.ko.
Result<KernelImage> ready(const ReadyKernel& files);

}  // namespace relapse::kernel
