// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/disassembly.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

#include "process/process.hpp"
#include "vmcore_builder.hpp"

namespace relapse::postmortem {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr std::uint64_t kText = 0xffff800008000000;

class DisassemblyOf : public testing::Test {
 protected:
  // Assembles a .text; linked at kText unless it is a module.
  std::filesystem::path build(const std::string& assembly, bool module = false) {
    writeFile(folder_ / "a.s", ".arch armv8.1-a\n.text\n" + assembly);
    const auto object = folder_ / (module ? "m.ko" : "a.o");
    run({"aarch64-linux-gnu-as", "-o", object, folder_ / "a.s"});
    if (module) return object;
    run({"aarch64-linux-gnu-ld", "-e", "0", "-Ttext=0xffff800008000000", "-o", folder_ / "vmlinux", object});
    return folder_ / "vmlinux";
  }
  static void run(std::vector<std::string> argv) {
    const auto ran = process::runChecked({std::move(argv)});
    ASSERT_TRUE(ran) << ran.error().message;
  }
  static std::vector<std::string> texts(const std::vector<Instruction>& instructions) {
    std::vector<std::string> all;
    for (const Instruction& instruction : instructions) all.push_back(instruction.text);
    return all;
  }

  ScratchFolder folder_;
};

TEST_F(DisassemblyOf, ShowsAtomicsOfLargeSystems) {
  const auto vmlinux = build(R"(f:
    casal x0, x1, [x2]
    ldaddal w0, w30, [x19]
    swpa x3, x4, [x5]
    stset x6, [x7]
    ret
)");
  const auto shown = disassemble({vmlinux, "f", "", kText, 20, kText + 4, 0}, {});
  ASSERT_TRUE(shown) << shown.error().message;
  EXPECT_THAT(texts(shown->instructions), ElementsAre("casal x0, x1, [x2]", "ldaddal w0, w30, [x19]",
                                                      "swpa x3, x4, [x5]", "stset x6, [x7]", "ret"));
  EXPECT_TRUE(shown->instructions[1].isPc);
}

TEST_F(DisassemblyOf, IsAtRunningAddressesAndWithPlaces) {
  const auto vmlinux = build("f: cbz x0, 1f\n ldr x1, [x0]\n1: ret\n");
  const std::uint64_t slide = 0x215996200000;
  const auto placeOf = [](std::uint64_t address) {
    return stacktrace::Call{"inlined", {"fs/nfs/write.c", static_cast<unsigned>(address & 0xff) + 1}};
  };
  const auto shown = disassemble({vmlinux, "f", "", kText + slide, 12, kText + slide + 4, slide}, placeOf);
  ASSERT_TRUE(shown) << shown.error().message;
  ASSERT_THAT(shown->instructions, SizeIs(3));
  EXPECT_EQ(shown->instructions[0].text, "cbz x0, ffffa1599e200008 <f+0x8>");
  EXPECT_EQ(shown->instructions[1].address, kText + slide + 4);
  EXPECT_EQ(shown->instructions[1].function, "inlined");
  EXPECT_EQ(shown->instructions[1].place.file, "fs/nfs/write.c");
  EXPECT_EQ(shown->instructions[1].place.line, 5u);
  EXPECT_EQ(shown->firstArgument.place, "x0");
}

TEST_F(DisassemblyOf, StaysInItsFunctionAndItsWindow) {
  const auto vmlinux = build("before: ret\nf: mov x1, x0\n nop\n mov x2, x0\n ret\nafter: brk #0\n");
  const auto shown = disassemble({vmlinux, "f", "", kText + 4, 16, kText + 8, 0}, {}, {50, 1});
  ASSERT_TRUE(shown);
  EXPECT_THAT(texts(shown->instructions), ElementsAre("mov x1, x0", "nop", "mov x2, x0"));
}

TEST_F(DisassemblyOf, AModuleNamesWhatItCalls) {
  const auto module = build("f: bl nfs_commit_inode\n adrp x0, jiffies\n b schedule\n.data\n.quad 0\n", true);
  const std::uint64_t at = 0xffffa1599ade0000;
  const auto shown = disassemble({module, "f", "nfs", at, 12, at, at}, {});
  ASSERT_TRUE(shown) << shown.error().message;
  EXPECT_EQ(shown->module, "nfs");
  EXPECT_EQ(shown->instructions[0].address, at);
  EXPECT_EQ(shown->instructions[0].text, "bl <nfs_commit_inode>");
  EXPECT_THAT(shown->instructions[1].text, HasSubstr("  // jiffies"));
  EXPECT_EQ(shown->instructions[2].text, "b <schedule>");
}

TEST_F(DisassemblyOf, ShowsWhatRunsWhereTheKernelPatchedItself) {
  const auto vmlinux = build("f: bl f\n nop\n ret\n");
  const std::string ldaddal("\x7e\x02\xe0\xb8", 4);  // which older tools showed as .inst 0xb8e0027e
  const auto plain = instructionsOf({vmlinux, "f", "", kText, 12, kText, 0});
  ASSERT_TRUE(plain);
  Code code{vmlinux, "f", "", kText, 12, kText + 4, 0};
  code.running = std::string("\0\0\0\x94", 4) + ldaddal + std::string("\xc0\x03\x5f\xd6", 4);
  const auto shown = disassemble(code, {});
  ASSERT_TRUE(shown) << shown.error().message;
  EXPECT_EQ(shown->instructions[0].text, (*plain)[0].text);
  EXPECT_FALSE(shown->instructions[0].patched);
  EXPECT_EQ(shown->instructions[1].text, "ldaddal w0, w30, [x19]");
  EXPECT_TRUE(shown->instructions[1].patched);
  EXPECT_FALSE(shown->instructions[2].patched);
}

TEST_F(DisassemblyOf, WhatIsNotThereIsAnError) {
  const auto vmlinux = build("f: ret\n");
  const auto failureOf = [](const Code& code) {
    const auto shown = disassemble(code, {});
    EXPECT_FALSE(shown);
    return shown ? "" : shown.error().message;
  };
  EXPECT_THAT(failureOf({vmlinux, "f", "", kText + 0x1000, 8, kText + 0x1000, 0}), HasSubstr("has no code at"));
  EXPECT_THAT(failureOf({vmlinux, "f", "", kText, 4, kText + 4, 0}), HasSubstr("is not an instruction of f"));
  EXPECT_THAT(failureOf({vmlinux, "f", "", kText, 0, kText, 0}), HasSubstr("no function's size"));
  EXPECT_THAT(failureOf({vmlinux, "f", "", kText, ~std::uint64_t{0}, kText, 0}), HasSubstr("no function's size"));
  EXPECT_THAT(failureOf({folder_ / "none", "f", "", kText, 4, kText, 0}), HasSubstr("none"));
  writeFile(folder_ / "text", "hello");
  EXPECT_THAT(failureOf({folder_ / "text", "f", "", kText, 4, kText, 0}), HasSubstr("text"));
}

TEST_F(DisassemblyOf, WithoutObjdumpSaysWhatToInstall) {
  const auto vmlinux = build("f: ret\n");
  const std::string path = std::getenv("PATH");
  setenv("PATH", "/nonexistent", 1);
  const auto shown = disassemble({vmlinux, "f", "", kText, 4, kText, 0}, {});
  setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(shown);
  EXPECT_EQ(shown.error().kind, FailureKind::HostLacks);
  EXPECT_THAT(shown.error().advice, HasSubstr("binutils-aarch64-linux-gnu"));
}

}  // namespace
}  // namespace relapse::postmortem
