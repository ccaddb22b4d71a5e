// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "postmortem/values.hpp"
#include "stacktrace/values.hpp"

namespace relapse::postmortem {

// A function of a running kernel, and where its file has it. All addresses are running ones.
struct Code {
  std::filesystem::path file;  // vmlinux or a module's .ko
  std::string symbol = {};
  std::string module = {};  // empty: built in
  std::uint64_t start = 0;  // pc - offset of the frame
  std::uint64_t size = 0;   // of the frame
  std::uint64_t pc = 0;
  std::uint64_t bias = 0;    // running minus the file's address: KASLR's slide, or where the module's .text is
  std::string running = {};  // the function's bytes in the dump, start to start + size; empty: the file's are shown
};

struct Window {
  std::size_t before = 10;  // instructions
  std::size_t after = 6;
};

// What is at a running address; called for shown instructions only.
using PlaceOf = std::function<stacktrace::Call(std::uint64_t address)>;

// The instructions around the pc, by aarch64-linux-gnu-objdump. With the running bytes, an instruction that differs
// from the file's is the running one. BadInput: the file has no code there, pc outside the function. HostLacks: no
// objdump.
Result<Disassembly> disassemble(const Code& code, const PlaceOf& placeOf, const Window& window = {});

// All instructions of a function, without places.
Result<std::vector<Instruction>> instructionsOf(const Code& code);

// Where argument `index` (0 to 7, all before it scalars or pointers) is before the instruction at `pc` runs: only when
// all paths from the function's start to there agree. `function` holds the whole function, its start first. Pure.
ArgumentPlace argumentAt(const std::string& symbol, std::span<const Instruction> function, std::uint64_t pc,
                         unsigned index);

}  // namespace relapse::postmortem
