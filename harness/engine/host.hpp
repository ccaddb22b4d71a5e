// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "engine/slots.hpp"

namespace relapse::engine {

// What this process may use of its host now: the CPUs of its affinity, less where a control group's quota says less;
// memory that is available, less where a control group's limit leaves less.
Size hostSize();

// The parts of it. Pure, but for `groups`, which reads below `root` (/sys/fs/cgroup) the groups of `membership`
// (/proc/self/cgroup), of version 1 and 2, and all groups above them.
struct GroupLimits {
  std::optional<double> cpus;
  std::optional<std::uint64_t> memory;  // what is left of it
};
std::uint64_t memoryAvailable(std::string_view meminfo);  // of /proc/meminfo; 0: not in it
GroupLimits groupLimits(std::string_view membership, const std::filesystem::path& root);

}  // namespace relapse::engine
