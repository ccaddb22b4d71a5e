// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/spin_profile.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "postmortem/exceptions.hpp"

namespace relapse::postmortem {
namespace {

constexpr std::size_t kMostFrames = 256;
constexpr std::uint64_t kInstruction = 4;

// In every stack of the idle loop, interrupted or not. // kernel/sched/idle.c
bool isIdleLoop(const std::string& function) {
  return function == "cpu_startup_entry" || function == "do_idle";
}

std::string unknown(std::uint64_t address) {
  return fmt::format("{:#x}", address);
}

// A return address may lie behind the function's end, when the call never returns.
std::string caller(std::uint64_t returnAddress, const Symbolizer& symbolAt) {
  return symbolAt(returnAddress - kInstruction);
}

constexpr std::uint64_t kLinkBeforeRecord = 64;  // pt_regs.regs[30] before pt_regs.stackframe

struct Record {
  std::uint64_t at = 0;    // its place
  std::uint64_t back = 0;  // the return address that it holds
};

std::vector<Record> frameRecords(const guest::VcpuState& vcpu, const std::vector<guest::MemoryBlock>& stacks) {
  std::vector<Record> records;
  std::uint64_t frame = vcpu.x[29];
  while (records.size() < kMostFrames && frame != 0) {
    const auto next = guest::wordAt(stacks, frame);
    const auto back = guest::wordAt(stacks, frame + sizeof frame);
    if (!next || !back || *back == 0) break;
    records.push_back({frame, *back});
    if (*next == frame) break;
    frame = *next;
  }
  return records;
}

// Functions from the inside to the outside.
class Unwound {
 public:
  explicit Unwound(const Symbolizer& symbolAt) : symbolAt_(symbolAt) {}

  // A function at `pc` whose frame, if it has made one, is not in the chain; `next` is the chain's next return address.
  void addInterrupted(std::uint64_t pc, std::optional<std::uint64_t> link, std::optional<std::uint64_t> next) {
    const std::string function = symbolAt_(pc);
    if (!isVector(function)) functions_.push_back(function.empty() ? unknown(pc) : function);
    // A call leaves an address of the calling function itself in the link register: one of another function is
    // where this one was called from, and its frame is not made yet.
    if (!link || link == next) return;
    const std::string from = caller(*link, symbolAt_);
    if (!from.empty() && from != function) functions_.push_back(from);
  }
  void addCaller(std::uint64_t back) {
    const std::string from = caller(back, symbolAt_);
    functions_.push_back(from.empty() ? unknown(back) : from);
  }
  bool isAtExceptionEntry() const { return !functions_.empty() && isExceptionEntry(functions_.back()); }
  std::vector<std::string> functions() && { return std::move(functions_); }

 private:
  const Symbolizer& symbolAt_;
  std::vector<std::string> functions_;
};

// Interrupts come and go: what they interrupted is what the vCPU does.
std::vector<std::string> belowInterrupts(const std::vector<std::string>& stack) {
  const auto entry = std::find_if(stack.rbegin(), stack.rend(), isExceptionEntry);
  return entry == stack.rend() ? stack : std::vector<std::string>(entry.base(), stack.end());
}

std::vector<Share> mostFrequentFirst(const std::map<std::string, int>& counts) {
  std::vector<Share> shares;
  for (const auto& [what, samples] : counts) shares.push_back({what, samples});
  std::stable_sort(shares.begin(), shares.end(), [](const auto& a, const auto& b) { return a.samples > b.samples; });
  return shares;
}

// What is in both, in the order of `kept`.
void keepCommon(std::vector<std::string>& kept, const std::vector<std::string>& stack) {
  std::erase_if(kept, [&](const auto& function) { return std::ranges::find(stack, function) == stack.end(); });
}

// One vCPU's counts while they grow.
struct Tally {
  VcpuProfile profile = {};
  std::map<std::string, int> innermost = {};
  bool first = true;

  void add(const guest::VcpuState& vcpu, const std::vector<std::string>& stack) {
    profile.vcpu = vcpu.vcpu;
    ++profile.samples;
    if (!vcpu.inKernel()) {
      ++profile.user;
    } else if (std::ranges::any_of(stack, isIdleLoop)) {
      ++profile.idle;
    } else if (const auto own = belowInterrupts(stack); !own.empty()) {
      ++innermost[own.front()];
      if (first) profile.common = own;
      if (!first) keepCommon(profile.common, own);
      first = false;
    }
  }
};

std::string folded(int vcpu, const std::vector<std::string>& stack) {
  std::string line = fmt::format("vcpu {}", vcpu);
  for (auto function = stack.rbegin(); function != stack.rend(); ++function) line += ";" + *function;
  return line;
}

}  // namespace

std::vector<std::string> unwind(const guest::VcpuState& vcpu, const std::vector<guest::MemoryBlock>& stacks,
                                const Symbolizer& symbolAt) {
  const auto records = frameRecords(vcpu, stacks);
  const auto backOf = [&](std::size_t i) { return i < records.size() ? std::optional(records[i].back) : std::nullopt; };
  Unwound stack(symbolAt);
  stack.addInterrupted(vcpu.pc, vcpu.x[30], backOf(0));
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (stack.isAtExceptionEntry())
      stack.addInterrupted(records[i].back, guest::wordAt(stacks, records[i].at - kLinkBeforeRecord), backOf(i + 1));
    else
      stack.addCaller(records[i].back);
  }
  return std::move(stack).functions();
}

SpinProfile spinProfile(const std::vector<guest::Sample>& samples, const Symbolizer& symbolAt) {
  SpinProfile profile;
  profile.samples = static_cast<int>(samples.size());
  if (samples.empty()) return profile;
  profile.span = samples.back().at - samples.front().at;
  std::map<int, Tally> tallies;
  std::map<std::string, int> stacks;
  for (const auto& sample : samples)
    for (const auto& vcpu : sample.vcpus) {
      const auto stack =
          vcpu.inKernel() ? unwind(vcpu, sample.stacks, symbolAt) : std::vector<std::string>{"user space"};
      tallies[vcpu.vcpu].add(vcpu, stack);
      ++stacks[folded(vcpu.vcpu, stack)];
    }
  for (auto& [vcpu, tally] : tallies) {
    tally.profile.innermost = mostFrequentFirst(tally.innermost);
    profile.vcpus.push_back(std::move(tally.profile));
  }
  profile.folded = mostFrequentFirst(stacks);
  return profile;
}

}  // namespace relapse::postmortem
