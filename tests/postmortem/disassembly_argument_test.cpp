// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <sstream>

#include "postmortem/disassembly.hpp"

namespace relapse::postmortem {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kStart = 0xffff800008001000;

// One instruction a line; "-> N" stands for the address of the N-th (from 0).
std::vector<Instruction> listing(const std::string& text) {
  std::vector<Instruction> instructions;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    line.erase(0, line.find_first_not_of(' '));
    if (line.empty()) continue;
    if (const std::size_t arrow = line.find("-> "); arrow != std::string::npos) {
      std::ostringstream target;
      target << std::hex << kStart + 4 * std::stoul(line.substr(arrow + 3)) << " <f+0x10>";
      line = line.substr(0, arrow) + target.str();
    }
    instructions.push_back({kStart + 4 * instructions.size(), line});
  }
  return instructions;
}

// Where argument `index` is before the `at`-th instruction.
std::string place(const std::string& text, std::size_t at, unsigned index = 0, const std::string& symbol = "f") {
  const auto instructions = listing(text);
  const ArgumentPlace found = argumentAt(symbol, instructions, kStart + 4 * at, index);
  EXPECT_EQ(found.place.empty(), !found.why.empty());
  return found.place.empty() ? "unknown" : found.place;
}

constexpr const char* kSaved = R"(
    stp x29, x30, [sp, #-32]!
    mov x29, sp
    stp x19, x20, [sp, #16]
    mov x19, x1
    mov x20, x0
    bl ffff800008009000 <g>
    cbz w0, -> 8
    str xzr, [x19]
    ldp x19, x20, [sp, #16]
    ldp x29, x30, [sp], #32
    ret
)";

TEST(ArgumentAt, IsItsOwnRegisterUntilThatIsWritten) {
  EXPECT_EQ(place("cbz x1, -> 2\n ldr w2, [x0, #8]\n ldr x0, [x0]\n add x1, x0, #8\n ret", 0), "x0");
  EXPECT_EQ(place("cbz x1, -> 2\n ldr w2, [x0, #8]\n ldr x0, [x0]\n add x1, x0, #8\n ret", 2), "x0");
  EXPECT_EQ(place("cbz x1, -> 2\n ldr w2, [x0, #8]\n ldr x0, [x0]\n add x1, x0, #8\n ret", 3), "unknown");
}

TEST(ArgumentAt, IsInTheSavedRegisterAfterACall) {
  EXPECT_EQ(place(kSaved, 4), "x0");
  EXPECT_EQ(place(kSaved, 5), "x20");
  EXPECT_EQ(place(kSaved, 6), "x20");
  EXPECT_EQ(place(kSaved, 8), "x20");
  EXPECT_EQ(place(kSaved, 7, 1), "x19");
}

TEST(ArgumentAt, IsGoneWhenTheEpilogueHasRestoredItsRegister) {
  EXPECT_EQ(place(kSaved, 9), "unknown");
  EXPECT_EQ(place(kSaved, 10), "unknown");
}

TEST(ArgumentAt, IsUnknownWhereACallTookItsOnlyRegister) {
  EXPECT_EQ(place(kSaved, 6, 2), "unknown");
  EXPECT_EQ(place("mov x9, x0\n bl ffff800008009000 <g>\n ret", 2), "unknown");
  EXPECT_EQ(place("mov x18, x0\n blr x3\n ret", 2), "unknown");
  EXPECT_EQ(place("mov x19, x0\n blr x3\n ret", 2), "x19");
}

TEST(ArgumentAt, NeedsAllWaysToAgree) {
  EXPECT_EQ(place("mov x19, x0\n cbz x1, -> 3\n mov x19, x2\n nop\n ret", 4), "unknown");
  EXPECT_EQ(place("cbz x1, -> 3\n mov x19, x0\n b -> 4\n mov x19, x2\n ldr x3, [x19]\n ret", 4), "x0");
  EXPECT_EQ(place("cbz x1, -> 2\n mov x0, #0x0\n ldr x3, [x19]\n ret", 2), "unknown");
}

TEST(ArgumentAt, IsLostInALoopThatWritesItsRegisterLater) {
  EXPECT_EQ(place("mov x19, x0\n ldr x0, [x19]\n ldr x19, [x19, #8]\n cbnz x19, -> 1\n ret", 1), "unknown");
  EXPECT_EQ(place("mov x19, x0\n ldr x0, [x19]\n ldr x2, [x19, #8]\n cbnz x2, -> 1\n ret", 1), "x19");
  EXPECT_EQ(place("ldxr w1, [x0]\n sub w1, w1, #0x1\n stlxr w2, w1, [x0]\n cbnz w2, -> 0\n ret", 2), "x0");
}

// Each writes x19, in its own way.
class Writes : public testing::TestWithParam<const char*> {};
TEST_P(Writes, MakeTheRegisterUnknown) {
  EXPECT_EQ(place(std::string("mov x19, x0\n mov x0, #0x1\n") + GetParam() + "\n ldr x3, [x4]\n cbz x3, -> 3\n ret", 3),
            "unknown");
  EXPECT_EQ(place(std::string("mov x19, x0\n nop\n mov x0, #0x1\n cbz x2, -> 1\n") + GetParam() +
                      "\n bl ffff800008009000 <g>\n cbz x3, -> 3\n ret",
                  3),
            "unknown")
      << "with control that may go where it does not show";
}
INSTANTIATE_TEST_SUITE_P(ArgumentAt, Writes,
                         testing::Values("ldr x19, [x1]", "ldr w19, [x1]", "mov w19, w2", "ldp x19, x2, [x1]",
                                         "ldp x2, x19, [x1]", "ldr x2, [x19], #8", "ldr x2, [x19, #8]!",
                                         "str x2, [x19], #8", "stp x2, x3, [x19, #-16]!", "stxr w19, x2, [x1]",
                                         "ldaddal x2, x19, [x1]", "casal x19, x2, [x1]", "swpal x2, x19, [x1]",
                                         "csel x19, x1, x2, eq", "cset w19, eq", "movk x19, #0x1", "mrs x19, sp_el0",
                                         "ldaxp x2, x19, [x1]", "umov w19, v0.s[0]", "some.new x1, x19",
                                         "ldursw x19, [x1, #-4]", "add x19, x19, #0x8", "adrp x19, ffff800008000000"));

// None writes x19.
class Reads : public testing::TestWithParam<const char*> {};
TEST_P(Reads, LeaveTheRegisterAlone) {
  EXPECT_EQ(place(std::string("mov x19, x0\n mov x0, #0x1\n") + GetParam() + "\n ldr x3, [x4]\n cbz x3, -> 3\n ret", 3),
            "x19");
}
INSTANTIATE_TEST_SUITE_P(ArgumentAt, Reads,
                         testing::Values("ldr x1, [x19]", "str x19, [x1]", "stp x19, x20, [x1], #16", "cmp x19, x1",
                                         "add x1, x19, #0x8", "mov x20, x19", "stlxr w2, x19, [x1]",
                                         "prfm pstl1strm, [x19]", "tst x19, #0x1", "csel x1, x19, x2, ne",
                                         "stlr x19, [x1]", "dmb ish", "msr daifset, #0x2", "brk #0x800"));

TEST(ArgumentAt, IsFollowedIntoTheFrame) {
  const std::string spilt = R"(
    stp x29, x30, [sp, #-48]!
    mov x29, sp
    str x0, [sp, #24]
    bl ffff800008009000 <g>
    cbz w0, -> 6
    ldr x0, [x29, #24]
    bl ffff800008009000 <g>
    ldp x29, x30, [sp], #48
    ret
)";
  EXPECT_EQ(place(spilt, 4), "[sp, #24]");
  EXPECT_EQ(place(spilt, 6), "[sp, #24]");
  EXPECT_EQ(place(spilt, 8), "unknown");  // the frame is gone
}

TEST(ArgumentAt, IsOfTheLoadedRegisterAgain) {
  EXPECT_EQ(place("str x0, [sp, #-16]!\n blr x1\n ldr x2, [sp], #16\n ldr x3, [x2]\n ret", 3), "x2");
  EXPECT_EQ(place("stp x1, x0, [sp, #-16]!\n blr x1\n ldp x3, x2, [sp], #16\n cbz x2, -> 3\n ret", 3), "x2");
}

TEST(ArgumentAt, LosesASlotThatIsWrittenOrMayBe) {
  EXPECT_EQ(place("str x0, [sp, #-16]!\n blr x1\n str w2, [sp, #4]\n ldr x3, [x2]\n cbz x3, -> 3\n ret", 3), "unknown");
  EXPECT_EQ(place("str x0, [sp, #-16]!\n blr x1\n stp x2, x3, [sp, #-8]\n ldr x3, [x2]\n cbz x3, -> 3\n ret", 3),
            "unknown");
  EXPECT_EQ(place("str x0, [sp, #-16]!\n add x0, sp, #0x8\n blr x1\n ldr x3, [x2]\n cbz x3, -> 3\n ret", 3), "unknown");
  EXPECT_EQ(place("str x0, [sp, #-16]!\n sub sp, sp, x2\n mov x0, #0x0\n ldr x3, [x2]\n cbz x3, -> 3\n ret", 3),
            "unknown");
}

TEST(ArgumentAt, TrustsOnlyThePrologueWhereControlDoesNotShow) {
  const std::string keyed = R"(
    stp x29, x30, [sp, #-32]!
    mov x29, sp
    stp x19, x20, [sp, #16]
    mov x20, x0
    nop
    cbz x1, -> 8
    mov x19, x0
    bl ffff800008009000 <g>
    ldr x2, [x20]
    cbz x2, -> 8
    ldp x19, x20, [sp, #16]
    ldp x29, x30, [sp], #32
    ret
    mov x0, x20
    b -> 8
)";
  EXPECT_EQ(place(keyed, 4), "x20");
  EXPECT_EQ(place(keyed, 7), "x20");
  EXPECT_EQ(place(keyed, 13), "x20");
  EXPECT_EQ(place(keyed, 11), "unknown");
  EXPECT_EQ(place("cbz x1, -> 2\n nop\n ldr x2, [x0]\n cbz x2, -> 2\n ret", 2), "unknown");
}

TEST(ArgumentAt, IsUnknownBehindAJumpTable) {
  EXPECT_EQ(place("cbz x1, -> 3\n adr x3, ffff800008001000\n br x3\n ldr x2, [x0]\n bl ffff800008009000 <g>\n ret", 3),
            "unknown");
  EXPECT_EQ(place("mov x19, x0\n br x3\n ldr x2, [x0]\n bl ffff800008009000 <g>\n ret", 3), "x19");
}

TEST(ArgumentAt, IsUnknownInAFunctionThatTheCompilerCut) {
  EXPECT_EQ(place("mov x19, x0\n cbz x1, ffff800008009000 <f.cold>\n ldr x1, [x19]\n ret", 2), "unknown");
  EXPECT_EQ(place("ldr x1, [x0]\n ret", 0), "x0");
  for (const char* symbol : {"f.isra.0", "f.constprop.3", "f.part.0", "f.cold"})
    EXPECT_EQ(place("ldr x1, [x0]\n ret", 0, 0, symbol), "unknown") << symbol;
}

TEST(ArgumentAt, SaysWhyItIsUnknown) {
  const auto function = listing("mov x0, #0x0\n ret");
  EXPECT_THAT(argumentAt("f", function, kStart + 4, 0).why, HasSubstr("its register was written"));
  EXPECT_THAT(argumentAt("f", function, kStart + 2, 0).why, HasSubstr("pc is not in the function"));
  EXPECT_THAT(argumentAt("f", function, kStart, 8).why, HasSubstr("on the stack of the caller"));
  EXPECT_THAT(argumentAt("f", {}, kStart, 0).why, HasSubstr("empty"));
}

}  // namespace
}  // namespace relapse::postmortem
