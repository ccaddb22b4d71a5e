// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/disassembly_effect.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

namespace relapse::postmortem {
namespace {

constexpr unsigned kFrame = 29;
constexpr unsigned kLink = 30;

// Instructions that write their first operand and no other register, but for a base that steps.
constexpr std::string_view kWriteFirst[] = {
    "mov",   "movz",   "movk",  "movn",   "add",   "adds",   "sub",    "subs",   "and",    "ands",  "orr",   "orn",
    "eor",   "eon",    "bic",   "bics",   "lsl",   "lsr",    "asr",    "ror",    "neg",    "negs",  "mvn",   "mul",
    "madd",  "msub",   "mneg",  "smull",  "umull", "smulh",  "umulh",  "smaddl", "umaddl", "sdiv",  "udiv",  "ubfx",
    "sbfx",  "bfi",    "bfxil", "ubfiz",  "sbfiz", "uxtb",   "uxth",   "uxtw",   "sxtb",   "sxth",  "sxtw",  "csel",
    "cset",  "csetm",  "csinc", "cinc",   "csinv", "cinv",   "csneg",  "cneg",   "adr",    "adrp",  "extr",  "clz",
    "cls",   "rbit",   "rev",   "rev16",  "rev32", "adc",    "sbc",    "ngc",    "mrs",    "ldr",   "ldrb",  "ldrh",
    "ldrsb", "ldrsh",  "ldrsw", "ldur",   "ldurb", "ldurh",  "ldursb", "ldursh", "ldursw", "ldar",  "ldarb", "ldarh",
    "ldapr", "ldxr",   "ldxrb", "ldxrh",  "ldaxr", "ldaxrb", "ldaxrh", "ldtr",   "ldtrb",  "ldtrh", "stxr",  "stlxr",
    "stxrb", "stlxrb", "stxrh", "stlxrh", "bfc",   "xpaclri"};
constexpr std::string_view kWriteTwo[] = {"ldp", "ldnp", "ldpsw", "ldxp", "ldaxp"};
constexpr std::string_view kWriteNone[] = {
    "str",   "strb",  "strh",  "stur", "sturb", "sturh", "stp",  "stnp", "stlr",  "stlrb", "stlrh", "sttr",
    "sttrb", "sttrh", "cmp",   "cmn",  "tst",   "ccmp",  "ccmn", "prfm", "prfum", "dmb",   "dsb",   "isb",
    "msr",   "brk",   "yield", "wfe",  "wfi",   "sev",   "bti",  "csdb", "sb",    "clrex"};
constexpr std::string_view kStores[] = {"str", "strb", "strh", "stur", "sturb", "sturh", "stp", "stnp"};
constexpr std::string_view kLoads[] = {"ldr", "ldur", "ldp", "ldnp"};

template <std::size_t N>
bool among(const std::string_view (&table)[N], std::string_view name) {
  return std::find(std::begin(table), std::end(table), name) != std::end(table);
}

// "x29, x30, [sp, #-80]!" -> {"x29", "x30", "[sp, #-80]!"}
std::vector<std::string_view> operandsOf(std::string_view text) {
  std::vector<std::string_view> operands;
  int depth = 0;
  std::size_t from = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && (text[i] == '[' || text[i] == '{')) ++depth;
    if (i < text.size() && (text[i] == ']' || text[i] == '}')) --depth;
    if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
    std::string_view operand = text.substr(from, i - from);
    operand.remove_prefix(std::min(operand.size(), operand.find_first_not_of(' ')));
    if (!operand.empty()) operands.push_back(operand);
    from = i + 1;
  }
  return operands;
}

// The number of "x5" or "w5".
std::optional<unsigned> registerIn(std::string_view text, bool wideOnly = false) {
  if (text.size() < 2 || (text[0] != 'x' && (wideOnly || text[0] != 'w'))) return std::nullopt;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > kLink) return std::nullopt;
  return number;
}

// "#-80" or "#0x50".
std::optional<std::int64_t> immediate(std::string_view text) {
  if (text.empty() || text[0] != '#') return std::nullopt;
  text.remove_prefix(1);
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  const bool isHex = text.substr(0, 2) == "0x";
  if (isHex) text.remove_prefix(2);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, isHex ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return negative ? -value : value;
}

// "[x19, #32]", "[sp, #-80]!", "[x1], #8"
struct Memory {
  std::string_view base;
  std::optional<std::int64_t> offset;  // nothing: by a register
  bool stepsBefore = false;
  std::optional<std::int64_t> stepAfter;
  bool steps() const { return stepsBefore || stepAfter; }
};

std::optional<Memory> memoryIn(const std::vector<std::string_view>& operands) {
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const std::string_view operand = operands[i];
    const std::size_t close = operand.find(']');
    if (operand[0] != '[' || close == std::string_view::npos) continue;
    const auto inside = operandsOf(operand.substr(1, close - 1));
    if (inside.empty()) return std::nullopt;
    Memory memory{inside[0], 0, operand.back() == '!', {}};
    if (inside.size() > 1) memory.offset = inside.size() == 2 ? immediate(inside[1]) : std::nullopt;
    if (i + 1 < operands.size()) {
      memory.stepAfter = immediate(operands[i + 1]);
      if (!memory.stepAfter) memory.offset.reset();
    }
    return memory;
  }
  return std::nullopt;
}

void writeNamed(std::string_view operand, Effect& effect) {
  if (const auto number = registerIn(operand)) effect.writes.set(*number);
  if (operand == "sp" || operand == "wsp") effect.stackStep.reset();
}

// Every register that the text names, wherever.
void writeAllNamed(std::string_view text, Effect& effect) {
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" ,[]{}!", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.size(), text.find_first_of(" ,[]{}!", at));
    writeNamed(text.substr(at, end - at), effect);
    at = end;
  }
}

void takeBranch(std::string_view name, const std::vector<std::string_view>& operands, std::uint64_t start,
                std::uint64_t end, Effect& effect) {
  const std::string_view last = operands.empty() ? std::string_view() : operands.back();
  effect.flow = Flow::Branch;
  effect.hidden = last.find(".cold") != std::string_view::npos || last.find("<.text") != std::string_view::npos;
  std::uint64_t target = 0;
  const auto [stop, error] = std::from_chars(last.data(), last.data() + last.size(), target, 16);
  const bool isAddress = error == std::errc() && (stop == last.data() + last.size() || *stop == ' ');
  if (isAddress && target >= start && target < end) effect.target = target;
  if (name == "b" && !effect.target) effect.flow = Flow::Exit;
}

// True: the instruction is one that steers.
bool takeFlow(std::string_view name, const std::vector<std::string_view>& operands, std::uint64_t start,
              std::uint64_t end, Effect& effect) {
  if (name == "bl" || name.substr(0, 3) == "blr") {
    effect.flow = Flow::Call;
    for (unsigned i = 0; i <= 18; ++i) effect.writes.set(i);
    effect.writes.set(kLink);
  } else if (name.substr(0, 3) == "ret" || name == "eret") {
    effect.flow = Flow::Exit;
  } else if (name == "br" || name == "braa" || name == "brab") {
    effect.flow = Flow::Anywhere;
  } else if (name == "b" || name.substr(0, 2) == "b." || name == "cbz" || name == "cbnz" || name == "tbz" ||
             name == "tbnz") {
    takeBranch(name, operands, start, end, effect);
  } else if (name == "nop") {
    effect.hidden = true;  // it may be a static key's
  } else if (name == "paciasp" || name == "autiasp" || name == "pacibsp" || name == "autibsp") {
    effect.writes.set(kLink);
  } else {
    return false;
  }
  return true;
}

// add, sub and mov that move sp, set x29 up, or take an address of the stack.
void takeStackArithmetic(std::string_view name, const std::vector<std::string_view>& operands, Effect& effect) {
  const auto isStack = [](std::string_view operand) { return operand == "sp" || operand == "x29"; };
  if (operands.size() < 2 || !std::any_of(operands.begin() + 1, operands.end(), isStack)) return;
  std::optional<std::int64_t> step;
  if (name == "mov" && operands.size() == 2) step = 0;
  if (operands.size() == 3) step = immediate(operands[2]);
  if (step && name == "sub") step = -*step;
  if (name != "mov" && name != "add" && name != "sub") step.reset();
  if (operands[0] == "sp")
    effect.stackStep = operands[1] == "sp" ? step : std::nullopt;
  else if (operands[0] == "x29" && operands[1] == "sp" && step)
    effect.frameOffset = step;
  else if (operands[0] != "xzr")
    effect.takesStackAddress = true;
}

void takeMemory(std::string_view name, const std::vector<std::string_view>& operands, const Memory& memory,
                Effect& effect) {
  const bool onStack = memory.base == "sp" || memory.base == "x29";
  const bool storing = name.substr(0, 2) == "st" || name.substr(0, 3) == "cas" || name.substr(0, 3) == "swp";
  if (memory.steps() && memory.base == "sp") {
    effect.stackStep = memory.stepsBefore ? memory.offset : memory.stepAfter;
  } else if (memory.steps()) {
    writeNamed(memory.base, effect);
  }
  if (!onStack || !memory.offset || !(among(kStores, name) || among(kLoads, name))) {
    effect.writesElsewhere = storing || !(among(kWriteFirst, name) || among(kWriteTwo, name) || name == "prfm");
    return;
  }
  StackAccess access{memory.base == "x29", among(kStores, name), *memory.offset};
  access.pair = name == "stp" || name == "ldp" || name == "stnp" || name == "ldnp";
  for (std::size_t i = 0; i < (access.pair ? 2u : 1u) && i < operands.size(); ++i)
    access.registers[i] = registerIn(operands[i], true);
  const char size = operands[0].empty() ? 'x' : operands[0][0];
  access.bytes = size == 'q' ? 16 : 8;  // a narrower one counts as 8: it spoils all of them
  effect.access = access;
}

}  // namespace

Effect effectOf(std::string_view text, std::uint64_t start, std::uint64_t end) {
  Effect effect;
  text = text.substr(0, text.find("  //"));
  const std::string_view name = text.substr(0, text.find(' '));
  const std::string_view rest = text.substr(std::min(text.size(), name.size() + 1));
  const auto operands = operandsOf(rest);
  if (takeFlow(name, operands, start, end, effect)) return effect;
  if (const auto memory = memoryIn(operands)) takeMemory(name, operands, *memory, effect);
  if (among(kWriteTwo, name) && operands.size() > 1) {
    writeNamed(operands[0], effect);
    writeNamed(operands[1], effect);
  } else if (among(kWriteFirst, name) && !operands.empty()) {
    if (operands[0] != "sp") writeNamed(operands[0], effect);
    takeStackArithmetic(name, operands, effect);
    if (operands[0] == "sp" && operands[1] != "sp") effect.stackStep.reset();
    if (name == "mov" && operands.size() == 2) effect.copyTo = registerIn(operands[0], true);
    if (effect.copyTo) effect.copyFrom = registerIn(operands[1], true);
  } else if (!among(kWriteNone, name)) {
    writeAllNamed(rest, effect);
  }
  return effect;
}

}  // namespace relapse::postmortem
