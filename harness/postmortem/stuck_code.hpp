// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "console/values.hpp"
#include "failure/values.hpp"
#include "postmortem/values.hpp"
#include "stacktrace/decoder.hpp"

namespace relapse::postmortem {

// The code around a frame's pc, disassembled from the file that its symbol is in. `pc` is the running address; 0: not
// known, then the file's own addresses are shown. With the registers of that very frame, the first argument's value.
// BadInput: no such code, or several. HostLacks: no objdump.
Result<Disassembly> disassembleFrame(const console::RawFrame& frame, std::uint64_t pc,
                                     const std::vector<console::Register>& registers, stacktrace::Decoder& decoder);

// The frame that a stuck task is at, beneath the interrupts that came in meanwhile; nullptr: none.
const StackFrame* stuckFrame(const Stack& stack);

}  // namespace relapse::postmortem
