// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "postmortem/disassembly.hpp"
#include "postmortem/disassembly_effect.hpp"

namespace relapse::postmortem {
namespace {

constexpr std::size_t kMostInstructions = 20'000;
constexpr unsigned kFrame = 29;

// Where the argument certainly is before an instruction. Stack offsets are from sp at the function's start.
struct State {
  Registers registers;
  std::set<std::int64_t> slots;
  std::optional<std::int64_t> stack = 0;  // sp
  std::optional<std::int64_t> frame;      // x29
  bool operator==(const State&) const = default;
};

// What holds on both ways.
State meet(const State& a, const State& b) {
  State both{a.registers & b.registers, {}, a.stack, a.frame};
  if (a.stack != b.stack) both.stack.reset();
  if (a.frame != b.frame) both.frame.reset();
  std::set_intersection(a.slots.begin(), a.slots.end(), b.slots.begin(), b.slots.end(),
                        std::inserter(both.slots, both.slots.end()));
  return both;
}

// The access's address as an offset from sp at the function's start.
std::optional<std::int64_t> placeOf(const StackAccess& access, const State& state) {
  const auto& base = access.byFrame ? state.frame : state.stack;
  return base ? std::optional(*base + access.offset) : std::nullopt;
}

void store(const StackAccess& access, State& state) {
  const auto place = placeOf(access, state);
  if (!place) return state.slots.clear();
  const std::int64_t size = access.bytes;
  const std::int64_t end = *place + size * (access.pair ? 2 : 1);
  std::erase_if(state.slots, [&](std::int64_t slot) { return slot < end && *place < slot + 8; });
  for (std::int64_t i = 0; i < (access.pair ? 2 : 1); ++i) {
    const auto& from = access.registers[static_cast<std::size_t>(i)];
    if (from && state.registers.test(*from)) state.slots.insert(*place + i * size);
  }
}

Registers loaded(const StackAccess& access, const State& state) {
  Registers holds;
  const auto place = placeOf(access, state);
  for (std::int64_t i = 0; place && i < (access.pair ? 2 : 1); ++i) {
    const auto& to = access.registers[static_cast<std::size_t>(i)];
    if (to && state.slots.count(*place + i * access.bytes)) holds.set(*to);
  }
  return holds;
}

// `escapes`: the function gives out addresses in its frame, so that others may write there.
State after(const Effect& effect, State state, bool escapes) {
  Registers gains;
  if (effect.copyTo && effect.copyFrom && state.registers.test(*effect.copyFrom)) gains.set(*effect.copyTo);
  if (effect.access && effect.access->store) store(*effect.access, state);
  if (effect.access && !effect.access->store) gains |= loaded(*effect.access, state);
  if (escapes && (effect.flow == Flow::Call || effect.writesElsewhere)) state.slots.clear();
  state.registers = (state.registers & ~effect.writes) | gains;
  if (effect.frameOffset)
    state.frame = state.stack ? std::optional(*state.stack + *effect.frameOffset) : std::nullopt;
  else if (effect.writes.test(kFrame))
    state.frame.reset();
  if (state.stack) state.stack = effect.stackStep ? std::optional(*state.stack + *effect.stackStep) : std::nullopt;
  if (!state.stack)
    state.slots.clear();
  else  // below sp nothing lasts: interrupts write there
    state.slots.erase(state.slots.begin(), state.slots.lower_bound(*state.stack));
  return state;
}

struct Analysis {
  std::vector<Effect> effects;
  std::map<std::uint64_t, std::size_t> at;  // index by address
  bool escapes = false;
  bool split = false;   // a part of the function is elsewhere
  bool hidden = false;  // control may go where it does not show
};

Analysis analyse(std::span<const Instruction> function) {
  Analysis analysis;
  const std::uint64_t start = function.front().address;
  const std::uint64_t end = function.back().address + 4;
  bool left = false;  // behind the last exit there is only padding
  for (std::size_t i = 0; i < function.size(); ++i) {
    Effect effect = effectOf(function[i].text, start, end);
    analysis.at[function[i].address] = i;
    analysis.escapes |= effect.takesStackAddress;
    if (effect.hidden && function[i].text != "nop") analysis.split = true;
    if (effect.flow == Flow::Anywhere) analysis.hidden = true;
    if (effect.hidden && !left) analysis.hidden = true;
    left = effect.flow == Flow::Exit || (left && function[i].text == "nop");
    analysis.effects.push_back(std::move(effect));
  }
  return analysis;
}

using States = std::vector<std::optional<State>>;  // before each instruction; nothing: no way leads there

// Follows all ways until nothing changes. An unconditional jump may be one that the kernel takes out at run time, so
// that the next instruction follows it, too.
States follow(const Analysis& analysis, unsigned index) {
  States states(analysis.effects.size());
  std::deque<std::size_t> open;
  const auto reach = [&](std::size_t to, const State& state) {
    if (to >= states.size()) return;
    const State merged = states[to] ? meet(*states[to], state) : state;
    if (states[to] && merged == *states[to]) return;
    states[to] = merged;
    open.push_back(to);
  };
  State entry;
  entry.registers.set(index);
  reach(0, entry);
  while (!open.empty()) {
    const std::size_t i = open.front();
    open.pop_front();
    const Effect& effect = analysis.effects[i];
    const State state = after(effect, *states[i], analysis.escapes);
    if (effect.target) {
      const auto target = analysis.at.find(*effect.target);
      if (target != analysis.at.end()) reach(target->second, state);
    }
    if (effect.flow != Flow::Exit && effect.flow != Flow::Anywhere) reach(i + 1, state);
  }
  return states;
}

// Code that no way leads to is reached by one that does not show.
bool isUnreached(const Instruction& instruction, const std::optional<State>& state) {
  return !state && instruction.text != "nop" && instruction.text.rfind("udf", 0) != 0;
}

// Whether the write at `i` is the epilogue's restore: nothing but other restores up to the function's exit.
bool isRestore(const std::vector<Effect>& effects, std::size_t i) {
  for (; i < effects.size(); ++i) {
    const Effect& effect = effects[i];
    if (effect.flow == Flow::Exit) return true;
    if (effect.flow != Flow::Next || effect.copyTo) return false;
  }
  return false;
}

// Registers that hold the argument wherever control goes: copied on the straight line from the start, and written
// nowhere else but by an epilogue.
std::size_t straightLine(const Analysis& analysis) {
  std::set<std::uint64_t> targets;
  for (const Effect& effect : analysis.effects)
    if (effect.target) targets.insert(*effect.target);
  std::size_t length = 0;
  for (const auto& [address, i] : analysis.at) {
    if (i > 0 && targets.count(address)) break;
    length = i;
    if (analysis.effects[i].flow != Flow::Next) break;
  }
  return length;
}

Registers everywhere(const Analysis& analysis, const States& states) {
  const std::size_t length = straightLine(analysis);
  Registers held = states[length] ? states[length]->registers : Registers();
  for (unsigned number = 0; number < 19; ++number) held.reset(number);
  for (std::size_t i = length; i < analysis.effects.size(); ++i)
    if (!isRestore(analysis.effects, i)) held &= ~analysis.effects[i].writes;
  return held;
}

// Callee-saved registers first: they last.
std::optional<unsigned> best(const Registers& registers) {
  for (unsigned number = 19; number < kFrame; ++number)
    if (registers.test(number)) return number;
  for (unsigned number = 0; number < 19; ++number)
    if (registers.test(number)) return number;
  return std::nullopt;
}

ArgumentPlace unknown(std::string why) {
  return {"", std::move(why)};
}

ArgumentPlace placeIn(const State& state) {
  if (const auto number = best(state.registers)) return {fmt::format("x{}", *number), ""};
  for (const std::int64_t slot : state.slots)
    if (state.stack) return {fmt::format("[sp, #{}]", slot - *state.stack), ""};
  return unknown("on some way to here its register was written");
}

// Compilers make functions of their own out of one: parameters removed, a part, a clone.
bool hasOwnParameters(const std::string& symbol) {
  for (const char* mark : {".cold", ".part", ".isra", ".constprop"})
    if (symbol.find(mark) != std::string::npos) return false;
  return true;
}

}  // namespace

ArgumentPlace argumentAt(const std::string& symbol, std::span<const Instruction> function, std::uint64_t pc,
                         unsigned index) {
  if (index > 7) return unknown("it is on the stack of the caller");
  if (!hasOwnParameters(symbol)) return unknown("the compiler gave " + symbol + " parameters of its own");
  if (function.empty() || function.size() > kMostInstructions) return unknown("the function is too long, or empty");
  Analysis analysis = analyse(function);
  const auto at = analysis.at.find(pc);
  if (at == analysis.at.end()) return unknown("pc is not in the function");
  if (analysis.split) return unknown("a part of the function is elsewhere");
  const States states = follow(analysis, index);
  for (std::size_t i = 0; i < states.size(); ++i) analysis.hidden |= isUnreached(function[i], states[i]);
  const bool onLine = at->second <= straightLine(analysis);
  if ((!analysis.hidden && states[at->second]) || onLine) return placeIn(*states[at->second]);
  const bool restored = isRestore(analysis.effects, at->second);  // then it may hold the caller's value again
  if (const auto number = best(everywhere(analysis, states)); number && !restored)
    return {fmt::format("x{}", *number), ""};
  return unknown("jumps that do not show in the code may lead here");
}

}  // namespace relapse::postmortem
