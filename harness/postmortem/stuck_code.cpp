// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/stuck_code.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "postmortem/disassembly.hpp"
#include "postmortem/exceptions.hpp"

namespace relapse::postmortem {
namespace {

// Of "x20"; empty: the place is no register, or that was not printed.
std::string valueOf(const std::string& place, const std::vector<console::Register>& registers) {
  const auto found = std::ranges::find_if(registers, [&](const auto& reg) { return reg.name == place; });
  return found == registers.end() ? std::string() : "0x" + found->value;
}

}  // namespace

Result<Disassembly> disassembleFrame(const console::RawFrame& frame, std::uint64_t pc,
                                     const std::vector<console::Register>& registers, stacktrace::Decoder& decoder) {
  auto place = decoder.codeOf(frame);
  if (!place) return passOn(place.error());
  const std::uint64_t offset = frame.offset.value_or(0);
  const std::uint64_t start = pc == 0 ? place->address : pc - offset;
  const Code code{.file = place->file,
                  .symbol = frame.symbol,
                  .module = frame.module,
                  .start = start,
                  .size = place->size,
                  .pc = start + offset,
                  .bias = start - place->address,
                  .running = {}};
  const stacktrace::Layout layout{frame.module.empty() ? code.bias : 0, {{frame.module, code.bias}}};
  auto listing = disassemble(code, [&](std::uint64_t address) {
    const auto decoded = decoder.decodeAddress(address, layout);
    return decoded.calls.empty() ? stacktrace::Call{} : decoded.calls.front();
  });
  if (listing) listing->firstArgument.value = valueOf(listing->firstArgument.place, registers);
  return listing;
}

const StackFrame* stuckFrame(const Stack& stack) {
  // Outermost first: the last entry on the way in is the one that interrupted the task.
  const auto entry = std::find_if(stack.rbegin(), stack.rend(),
                                  [](const auto& frame) { return isExceptionEntry(frame.frame.raw.symbol); });
  auto frame = entry == stack.rend() ? stack.begin() : entry.base();
  while (frame != stack.end() && (frame->frame.raw.symbol.empty() || isVector(frame->frame.raw.symbol))) ++frame;
  return frame == stack.end() ? nullptr : &*frame;
}

}  // namespace relapse::postmortem
