// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "guest/guest_host.hpp"
#include "kernel/values.hpp"
#include "run/values.hpp"

namespace relapse::run {

// All guests of a run, ready to be started, and the cables between them.
struct Guests {
  std::vector<guest::GuestSpec> specs;
  std::vector<guest::Cable> cables;            // to be kept as long as the guests
  std::vector<std::filesystem::path> scratch;  // disks, to be removed after the run
};

// Makes the guests' roots (from the cache, or request.archives), lays the cables and makes the disks. `kernels` has one
// for each node. HostLacks: packages cannot be had. `id` names the run's own files.
Result<Guests> prepareGuests(const RunRequest& request, const std::map<std::string, kernel::KernelImage>& kernels,
                             const std::string& id);

// The parts of guest-scripts/parts/ that a node's root needs: "ext4", "traffic", "fio". Pure.
std::set<std::string> partsOf(const scenario::Scenario& scenario, const std::string& node);

}  // namespace relapse::run
