// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "kernel/values.hpp"
#include "scenario/values.hpp"

namespace relapse::run {

// Where a run finds and leaves things.
struct Places {
  std::filesystem::path cache;         // sources, kernels, guests' roots; safe to delete
  std::filesystem::path state;         // runs
  std::filesystem::path configs;       // kernel-configs/
  std::filesystem::path guestScripts;  // guest-scripts/, for its lists of packages and files
  std::filesystem::path guestOverlay;  // the built guest programs
  std::filesystem::path inspection;    // the script that drgn runs
};

// One run: a scenario, and what the command line puts in place of its kernel.
struct RunRequest {
  scenario::Scenario scenario;
  std::vector<std::string> overrides;        // --set, for the record
  std::vector<std::string> sources;          // --kernel; empty: the scenario's
  std::optional<kernel::ReadyKernel> ready;  // --image, --vmlinux, --modules
  // Replay: a bundle's kernels with all that is known of them, taken as they are, before any other way to one.
  std::optional<kernel::KernelImage> kernel;
  std::optional<kernel::KernelImage> serverKernel;  // of a `server` that has one of its own
  std::string resolved;  // the scenario's text for the bundle (scenario::resolvedText); empty: made from its file
  std::vector<std::string> notes;                                      // go into the record
  std::map<std::string, std::vector<std::filesystem::path>> archives;  // by node: its root, ready; none: it is made
  std::vector<std::filesystem::path> patches;                          // --patch
  std::vector<std::filesystem::path> configs;                          // --config
  int jobs = 0;                                                        // of make; 0: one per core
  Places places;
  std::filesystem::path scratch;  // for the guests' disks: existing, QEMU's account can pass through it
  std::stop_token stop;
};

// What happens, for whoever shows it. Stages come in the order of their work, one at a time.
struct StageUpdate {
  enum class What { Begun, Progress, Done, Failed };
  std::string stage;
  What what = What::Begun;
  long done = 0;
  long total = 0;  // 0: not known
  std::string text;
  std::chrono::milliseconds took{0};  // with Done and Failed
};
using Observer = std::function<void(const StageUpdate&)>;

}  // namespace relapse::run
