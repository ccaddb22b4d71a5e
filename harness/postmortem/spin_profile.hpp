// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "guest/values.hpp"
#include "postmortem/values.hpp"

namespace relapse::postmortem {

// An address of the running kernel -> its function's name; empty: none.
using Symbolizer = std::function<std::string(std::uint64_t address)>;

// A vCPU's functions, innermost first, by its chain of frame pointers. A function that has not made its frame yet
// (a leaf makes none) has its caller in the link register. Bounded, whatever the memory holds.
std::vector<std::string> unwind(const guest::VcpuState& vcpu, const std::vector<guest::MemoryBlock>& stacks,
                                const Symbolizer& symbolAt);

// Pure. The samples of one guest, in their order.
SpinProfile spinProfile(const std::vector<guest::Sample>& samples, const Symbolizer& symbolAt);

}  // namespace relapse::postmortem
