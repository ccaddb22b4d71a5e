// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "guest/values.hpp"

namespace relapse::guest {

// What QEMU's monitor answers to "info registers -a" for aarch64. vCPUs whose registers are not all there are left out.
std::vector<VcpuState> readRegisters(std::string_view text);

// What it answers to "x /WORDSgx ADDRESS": the bytes as the guest has them (little-endian), as far as they go.
// JSON's "\r\n" at the line ends will do.
std::string readMemory(std::string_view text, std::size_t words);

// `words` 8-byte words of memory from `address` on; fewer where that cannot be read.
using MemoryReader = std::function<std::string(std::uint64_t address, std::size_t words)>;

// The blocks of memory that a vCPU's chain of frame pointers passes through. Bounded, whatever the chain is like.
std::vector<MemoryBlock> readStack(const VcpuState& vcpu, const MemoryReader& read);

}  // namespace relapse::guest
