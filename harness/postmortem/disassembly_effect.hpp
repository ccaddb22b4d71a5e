// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>

namespace relapse::postmortem {

// General registers x0 to x30 by number; w registers are their lower halves.
using Registers = std::bitset<31>;

enum class Flow {
  Next,      // only the next instruction follows
  Call,      // comes back, with x0 to x18 and x30 changed
  Branch,    // goes to `target` or the next one
  Exit,      // leaves the function: ret, a jump elsewhere
  Anywhere,  // br: a jump table
};

// An access to the stack by sp or x29. Its offset is from the base as it is before the instruction.
struct StackAccess {
  bool byFrame = false;  // base x29; else sp
  bool store = false;
  std::int64_t offset = 0;
  unsigned bytes = 8;                                     // of one register
  std::array<std::optional<unsigned>, 2> registers = {};  // 64-bit ones; of a pair two
  bool pair = false;
};

// What an instruction does, as far as the place of an argument depends on it. Whatever is not understood writes all
// registers that it names.
struct Effect {
  Flow flow = Flow::Next;
  std::optional<std::uint64_t> target = {};  // of a Branch; nothing: in another function
  bool hidden = false;                       // control may go where it does not show: static keys, split functions
  Registers writes = {};
  std::optional<unsigned> copyTo = {};  // mov xTO, xFROM
  std::optional<unsigned> copyFrom = {};
  std::optional<std::int64_t> stackStep = 0;     // added to sp; nothing: sp is not known any more
  std::optional<std::int64_t> frameOffset = {};  // x29 becomes sp plus this
  bool takesStackAddress = false;                // a register gets an address in the frame
  bool writesElsewhere = false;                  // memory, by another base than sp and x29
  std::optional<StackAccess> access = {};
};

// Of one instruction's text; start and end are those of its function.
Effect effectOf(std::string_view text, std::uint64_t start, std::uint64_t end);

}  // namespace relapse::postmortem
