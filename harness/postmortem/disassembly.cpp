// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/disassembly.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>

#include "process/process.hpp"
#include "process/scratch.hpp"

namespace relapse::postmortem {
namespace {

constexpr std::uint64_t kLargestFunction = 1u << 20;

// One instruction of objdump's, with its bytes.
struct Listed {
  Instruction instruction;
  std::uint32_t word = 0;
  bool relocated = false;
};

template <class T>
std::optional<T> hex(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::string plainText(std::string_view text) {
  text = text.substr(0, text.find("//"));
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '\t', ' ');
  plain.resize(plain.find_last_not_of(' ') + 1);
  return plain;
}

// "bl 0 <f>\tffff...: R_AARCH64_CALL26\tnfs_commit_inode": what the instruction refers to, put in its text.
void takeRelocation(std::string_view line, Listed& listed) {
  const std::size_t kind = line.find(": R_AARCH64_");
  const std::size_t tab = line.rfind('\t');
  if (kind == std::string_view::npos || tab < kind) return;
  listed.relocated = true;
  std::string& text = listed.instruction.text;
  text = plainText(line.substr(0, line.rfind('\t', kind)));
  const std::string symbol(line.substr(tab + 1));
  const std::string_view name = line.substr(kind);
  const bool branch = name.find("_CALL26") != std::string_view::npos || name.find("_JUMP26") != std::string_view::npos;
  text = branch ? text.substr(0, text.find(' ')) + " <" + symbol + ">" : text + "  // " + symbol;
}

// "ffffffc008189670:\ta9bb7bfd \tstp\tx29, x30, [sp, #-80]!"
std::optional<Listed> instructionIn(std::string_view line) {
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
  const std::size_t colon = line.find(":\t");
  if (colon == std::string_view::npos || line.size() < colon + 12 || line.substr(colon + 10, 2) != " \t")
    return std::nullopt;
  const auto address = hex<std::uint64_t>(line.substr(0, colon));
  const auto word = hex<std::uint32_t>(line.substr(colon + 2, 8));
  if (!address || !word) return std::nullopt;
  Listed listed{{*address, plainText(line.substr(colon + 12))}, *word};
  takeRelocation(line.substr(colon + 12), listed);
  return listed;
}

// objdump shows the file's addresses; the address and the target ("b.ne ffffffc0081896f0 <f+0x80>") become running
// ones.
void slide(std::uint64_t bias, Instruction& instruction) {
  instruction.address += bias;
  const std::size_t symbol = instruction.text.find(" <");
  const std::size_t space =
      symbol == std::string::npos || symbol == 0 ? symbol : instruction.text.rfind(' ', symbol - 1);
  if (space == std::string::npos) return;
  if (const auto target = hex<std::uint64_t>(std::string_view(instruction.text).substr(space + 1, symbol - space - 1)))
    instruction.text.replace(space + 1, symbol - space - 1, fmt::format("{:x}", *target + bias));
}

Result<std::vector<Listed>> list(std::vector<std::string> options, const std::filesystem::path& file) {
  process::Command command{{"aarch64-linux-gnu-objdump", "-w", "-z"}};
  command.argv.insert(command.argv.end(), options.begin(), options.end());
  command.argv.push_back(std::filesystem::absolute(file));
  std::vector<Listed> listing;
  process::Options reading;
  reading.keepBytes = 4096;
  reading.onLine = [&](process::Stream stream, std::string_view line) {
    if (stream != process::Stream::Output) return;
    if (auto listed = instructionIn(line)) listing.push_back(std::move(*listed));
  };
  if (!process::findProgram(command.argv.front()))
    return fail(FailureKind::HostLacks, "no disassembly: aarch64-linux-gnu-objdump is missing",
                "apt install binutils-aarch64-linux-gnu");
  auto output = process::runChecked(command, reading, FailureKind::BadInput);
  if (!output) return passOn(output.error());
  return listing;
}

Result<std::vector<Listed>> listFile(const Code& code) {
  const std::uint64_t start = code.start - code.bias;
  std::vector<std::string> options = {"-d", fmt::format("--start-address={:#x}", start),
                                      fmt::format("--stop-address={:#x}", start + code.size)};
  if (!code.module.empty()) options.insert(options.end(), {"-r", "-j", ".text"});
  auto listing = list(std::move(options), code.file);
  if (!listing) return listing;
  if (listing->empty())
    return fail(FailureKind::BadInput,
                fmt::format("{}: has no code at {:#x} (+{:#x})", code.file.string(), start, code.size));
  for (Listed& listed : *listing) slide(code.bias, listed.instruction);
  return listing;
}

// Puts the running instruction where it is another than the file's.
Result<void> takeRunning(const Code& code, std::vector<Listed>& listing) {
  const auto scratch = process::ScratchFolder::make(std::filesystem::temp_directory_path(), "relapse-code-");
  if (!scratch) return passOn(scratch.error());
  const std::filesystem::path file = scratch->path() / "code";
  std::ofstream bytes(file, std::ios::binary);
  bytes << code.running;
  bytes.close();
  if (!bytes) return fail(FailureKind::Exhausted, fmt::format("{}: cannot be written", file.string()));
  const auto running =
      list({"-D", "-b", "binary", "-m", "aarch64", fmt::format("--adjust-vma={:#x}", code.start)}, file);
  if (!running) return passOn(running.error());
  auto other = running->begin();
  for (Listed& listed : listing) {
    while (other != running->end() && other->instruction.address < listed.instruction.address) ++other;
    if (other == running->end()) break;
    if (other->instruction.address != listed.instruction.address || other->word == listed.word || listed.relocated)
      continue;
    listed.instruction.text = other->instruction.text;
    listed.instruction.patched = true;
  }
  return {};
}

}  // namespace

Result<std::vector<Instruction>> instructionsOf(const Code& code) {
  if (code.size == 0 || code.size > kLargestFunction || code.start + code.size < code.start)
    return fail(FailureKind::BadInput, fmt::format("{}: {:#x} bytes are no function's size", code.symbol, code.size));
  auto listing = listFile(code);
  if (!listing) return passOn(listing.error());
  if (!code.running.empty())
    if (auto taken = takeRunning(code, *listing); !taken) return passOn(taken.error());
  std::vector<Instruction> instructions;
  for (Listed& listed : *listing) {
    listed.instruction.isPc = listed.instruction.address == code.pc;
    instructions.push_back(std::move(listed.instruction));
  }
  return instructions;
}

Result<Disassembly> disassemble(const Code& code, const PlaceOf& placeOf, const Window& window) {
  auto all = instructionsOf(code);
  if (!all) return passOn(all.error());
  const auto pc = std::find_if(all->begin(), all->end(), [](const Instruction& i) { return i.isPc; });
  if (pc == all->end())
    return fail(FailureKind::BadInput, fmt::format("pc {:#x} is not an instruction of {}, which is at {:#x} to {:#x}",
                                                   code.pc, code.symbol, code.start, code.start + code.size));
  Disassembly shown{code.symbol, code.module};
  shown.firstArgument = argumentAt(code.symbol, *all, code.pc, 0);
  const auto before = std::min<std::ptrdiff_t>(pc - all->begin(), static_cast<std::ptrdiff_t>(window.before));
  const auto after = std::min<std::ptrdiff_t>(all->end() - pc - 1, static_cast<std::ptrdiff_t>(window.after));
  shown.instructions.assign(pc - before, pc + after + 1);
  for (Instruction& instruction : shown.instructions) {
    if (!placeOf) break;
    stacktrace::Call call = placeOf(instruction.address);
    instruction.function = std::move(call.function);
    instruction.place = std::move(call.place);
  }
  return shown;
}

}  // namespace relapse::postmortem
