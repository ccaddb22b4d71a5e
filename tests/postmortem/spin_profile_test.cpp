// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/spin_profile.hpp"

#include <gmock/gmock.h>

namespace relapse::postmortem {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kKernelMode = 0x5;
constexpr std::uint64_t kStack = 0xff00;

// Functions of 0x100 bytes each: 0x1000 is a, 0x1100 is b, ...
std::string symbolAt(std::uint64_t address) {
  if (address < 0x1000 || address >= 0x1000 + 0x100 * 26) return "";
  return std::string(1, static_cast<char>('a' + (address - 0x1000) / 0x100));
}

std::uint64_t in(char function, std::uint64_t offset = 0x10) {
  return 0x1000 + static_cast<std::uint64_t>(function - 'a') * 0x100 + offset;
}

std::string bytesOf(std::uint64_t word) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(word >> (8 * i) & 0xff);
  return bytes;
}

// A vCPU at `pc`, whose frames return to `back`.
guest::Sample sampleOf(std::uint64_t pc, std::uint64_t link, const std::vector<std::uint64_t>& back, int vcpu = 0) {
  guest::Sample sample;
  guest::VcpuState state;
  state.vcpu = vcpu;
  state.pc = pc;
  state.pstate = kKernelMode;
  state.x[29] = back.empty() ? 0 : kStack;
  state.x[30] = link;
  guest::MemoryBlock block{kStack, {}};
  for (std::size_t i = 0; i < back.size(); ++i)
    block.bytes += bytesOf(i + 1 == back.size() ? 0 : kStack + 16 * (i + 1)) + bytesOf(back[i]);
  sample.vcpus.push_back(state);
  sample.stacks.push_back(block);
  return sample;
}

std::vector<std::string> unwound(const guest::Sample& sample) {
  return unwind(sample.vcpus.front(), sample.stacks, symbolAt);
}

TEST(Unwind, FollowsTheFramePointers) {
  EXPECT_THAT(unwound(sampleOf(in('c'), in('c'), {in('b'), in('a')})), ElementsAre("c", "b", "a"));
}

TEST(Unwind, ALeafsCallerIsInTheLinkRegister) {
  EXPECT_THAT(unwound(sampleOf(in('d'), in('c'), {in('b'), in('a')})), ElementsAre("d", "c", "b", "a"));
}

TEST(Unwind, AFunctionWithAFrameHasItsCallerOnce) {
  EXPECT_THAT(unwound(sampleOf(in('c'), in('b'), {in('b'), in('a')})), ElementsAre("c", "b", "a"));
}

TEST(Unwind, ACallThatNeverReturnsBelongsToItsCaller) {
  EXPECT_THAT(unwound(sampleOf(in('c'), in('c'), {in('b', 0)})), ElementsAre("c", "a"))
      << "the return address is the first of the next function";
}

// b was called by a; before b made a frame, an interrupt came, whose handler c is at work.
guest::Sample interrupted() {
  constexpr std::uint64_t kSaved = kStack + 0x400;  // the exception's frame record
  auto sample = sampleOf(in('c'), in('c'), {in('z')});
  auto& block = sample.stacks.front();
  block.bytes.replace(0, 8, bytesOf(kSaved));
  block.bytes.resize(0x420);
  block.bytes.replace(0x400, 8, bytesOf(0x410 + kStack));
  block.bytes.replace(0x408, 8, bytesOf(in('b', 0)));
  block.bytes.replace(0x400 - 64, 8, bytesOf(in('a')));
  block.bytes.replace(0x410, 8, bytesOf(0));
  block.bytes.replace(0x418, 8, bytesOf(in('e')));
  return sample;
}
std::string symbolWithInterrupt(std::uint64_t address) {
  const auto symbol = symbolAt(address);
  return symbol == "z" ? "el1_irq" : symbol;
}

TEST(Unwind, GoesThroughAnInterruptToTheVeryInstruction) {
  const auto sample = interrupted();
  EXPECT_THAT(unwind(sample.vcpus.front(), sample.stacks, symbolWithInterrupt),
              ElementsAre("c", "el1_irq", "b", "a", "e"));
}

TEST(SpinProfile, AnInterruptIsNotTheSpin) {
  const auto profile = spinProfile({interrupted()}, symbolWithInterrupt);
  ASSERT_EQ(profile.vcpus.front().innermost.size(), 1u);
  EXPECT_EQ(profile.vcpus.front().innermost.front().what, "b");
  EXPECT_THAT(profile.vcpus.front().common, ElementsAre("b", "a", "e"));
  EXPECT_EQ(profile.folded.front().what, "vcpu 0;e;a;b;el1_irq;c");
}

TEST(Unwind, AtAVectorTheInterruptedFunctionIsNotShown) {
  const auto vectorAtC = [](std::uint64_t address) {
    return symbolAt(address) == "c" ? std::string("vectors") : symbolAt(address);
  };
  const auto sample = sampleOf(in('c'), in('b'), {in('a')});
  EXPECT_THAT(unwind(sample.vcpus.front(), sample.stacks, vectorAtC), ElementsAre("b", "a"));
}

TEST(Unwind, AnUnknownAddressIsShownAsOne) {
  EXPECT_THAT(unwound(sampleOf(0x10, 0x20, {in('b'), 0x30})), ElementsAre("0x10", "b", "0x30"));
}

TEST(Unwind, AStackThatIsNotThereEnds) {
  auto sample = sampleOf(in('c'), in('c'), {in('b'), in('a')});
  sample.stacks.front().bytes.resize(20);
  EXPECT_THAT(unwound(sample), ElementsAre("c", "b"));
  sample.stacks.clear();
  EXPECT_THAT(unwound(sample), ElementsAre("c"));
}

TEST(Unwind, ACircleOfFramesEnds) {
  auto sample = sampleOf(in('c'), in('c'), {in('b'), in('a')});
  sample.stacks.front().bytes.replace(16, 8, bytesOf(kStack));
  EXPECT_LE(unwound(sample).size(), 300u);
}

TEST(SpinProfile, WhoSpinsAndWhatIsInAllItsStacks) {
  const auto profile =
      spinProfile({sampleOf(in('d'), in('c'), {in('b'), in('a')}), sampleOf(in('c'), in('c'), {in('b'), in('a')}),
                   sampleOf(in('d', 0x20), in('c'), {in('b'), in('a')})},
                  symbolAt);
  ASSERT_EQ(profile.vcpus.size(), 1u);
  const auto& vcpu = profile.vcpus.front();
  EXPECT_TRUE(vcpu.spins());
  ASSERT_EQ(vcpu.innermost.size(), 2u);
  EXPECT_EQ(vcpu.innermost[0].what, "d");
  EXPECT_EQ(vcpu.innermost[0].samples, 2);
  EXPECT_THAT(vcpu.common, ElementsAre("c", "b", "a"));
  ASSERT_EQ(profile.folded.size(), 2u);
  EXPECT_EQ(profile.folded[0].what, "vcpu 0;a;b;c;d");
  EXPECT_EQ(profile.folded[0].samples, 2);
}

TEST(SpinProfile, AnIdleOrUserVcpuDoesNotSpin) {
  const auto idleSymbols = [](std::uint64_t address) {
    return address < 0x1100 ? std::string("do_idle") : symbolAt(address);
  };
  auto user = sampleOf(0x400000, 0, {}, 1);
  user.vcpus.front().pstate = 0;
  const auto profile =
      spinProfile({sampleOf(in('c'), in('c'), {in('a')}), user, sampleOf(in('c'), in('c'), {in('b')})}, idleSymbols);
  ASSERT_EQ(profile.vcpus.size(), 2u);
  EXPECT_EQ(profile.vcpus[0].idle, 1);
  EXPECT_FALSE(profile.vcpus[0].spins());
  EXPECT_EQ(profile.vcpus[1].user, 1);
  EXPECT_FALSE(profile.vcpus[1].spins());
  EXPECT_THAT(profile.vcpus[1].innermost, IsEmpty());
}

TEST(SpinProfile, OfNothingIsEmpty) {
  EXPECT_EQ(spinProfile({}, symbolAt).samples, 0);
}

}  // namespace
}  // namespace relapse::postmortem
