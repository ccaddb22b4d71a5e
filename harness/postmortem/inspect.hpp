// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "console/values.hpp"
#include "failure/values.hpp"
#include "postmortem/values.hpp"

namespace relapse::postmortem {

struct InspectRequest {
  std::filesystem::path vmcore = {};
  std::filesystem::path vmlinux = {};
  std::filesystem::path modules = {};  // a folder with the modules and their debug information; empty: none
  std::filesystem::path script = {};   // inspection/main.py
  std::string task = {};               // PID or COMM whose tasks are listed; empty: those named as the stuck one
  // The report of a crash, for its registers, when the dump's own printk buffer may no longer have it.
  std::optional<console::ConsoleEvent> crash = {};
  std::chrono::seconds deadline{120};
  std::stop_token stop = {};
};

// Reads a memory dump with drgn. A dump with physical addresses alone is copied to a scratch folder first (removed
// again) and given virtual ones: the dump itself is only read. Blocks until done.
// BadInput: not a dump, cut off, no vmlinux of this kernel, a vmlinux without DWARF. HostLacks: drgn is missing, or
// cannot read this form. Exhausted: the deadline passed, the disk is full. Cancelled. Internal: the script's output is
// not as agreed.
Result<Findings> inspect(const InspectRequest& request);

}  // namespace relapse::postmortem
