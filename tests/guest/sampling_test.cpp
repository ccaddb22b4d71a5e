// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/sampling.hpp"

#include <gtest/gtest.h>

#include <map>

namespace relapse::guest {
namespace {

// As QEMU 7.2 prints it; `without` leaves a register out.
std::string registersText(int vcpu, const std::string& without = "") {
  std::string text = "\r\nCPU#" + std::to_string(vcpu) + "\r\n PC=ffffffc008448e88";
  for (int i = 0; i <= 30; ++i) {
    const std::string name = "X" + std::string(i < 10 ? "0" : "") + std::to_string(i);
    if (name != without)
      text += " " + name + "=00000000000000" + std::string(i < 16 ? "0" : "1") + "0123456789abcdef"[i % 16];
    if (i % 3 == 2) text += "\r\n";
  }
  return text +
         "  SP=ffffffc0085d3d90\r\nPSTATE=400000c5 -Z-- EL1h     FPCR=00000000 FPSR=00000000\r\n"
         "Q00=2525252525252525:2525252525252525\r\n";
}

std::string bytesOf(std::uint64_t word) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(word >> (8 * i) & 0xff);
  return bytes;
}

TEST(Sampling, RegistersOfAllVcpusAreRead) {
  const auto vcpus = readRegisters(registersText(0) + registersText(1));
  ASSERT_EQ(vcpus.size(), 2u);
  EXPECT_EQ(vcpus[1].vcpu, 1);
  EXPECT_EQ(vcpus[0].pc, 0xffffffc008448e88u);
  EXPECT_EQ(vcpus[0].sp, 0xffffffc0085d3d90u);
  EXPECT_EQ(vcpus[0].pstate, 0x400000c5u);
  EXPECT_TRUE(vcpus[0].inKernel());
  for (std::size_t i = 0; i < 31; ++i) EXPECT_EQ(vcpus[1].x[i], i);
}

TEST(Sampling, AVcpuWithoutAllItsRegistersIsLeftOut) {
  const auto vcpus = readRegisters(registersText(0, "X29") + registersText(1));
  ASSERT_EQ(vcpus.size(), 1u);
  EXPECT_EQ(vcpus[0].vcpu, 1);
  EXPECT_TRUE(readRegisters("unknown command: 'info registers'\r\n").empty());
}

TEST(Sampling, AVcpuWithoutANumberThatCanBeIsLeftOut) {
  EXPECT_TRUE(readRegisters(registersText(-1)).empty());
  std::string text = registersText(0);
  text.replace(text.find("CPU#0"), 5, "CPU#99999999999");
  EXPECT_TRUE(readRegisters(text).empty());
}

TEST(Sampling, UserSpaceIsNotTheKernel) {
  VcpuState user;
  user.pstate = 0x60000000;
  EXPECT_FALSE(user.inKernel());
}

TEST(Sampling, MemoryIsReadAsFarAsItGoes) {
  const std::string text =
      "ffffffc0085d3d90: 0xffffffc0085d3da0 0xffffffc008448ea0\\r\\n"
      "ffffffc0085d3da0: 0x0000000000000000 Cannot access memory at address 0xffffffc0085d3da8\\r\\n";
  const std::string bytes = readMemory(text, 8);
  EXPECT_EQ(bytes, bytesOf(0xffffffc0085d3da0) + bytesOf(0xffffffc008448ea0) + bytesOf(0));
  EXPECT_EQ(readMemory(text, 1).size(), 8u);
  EXPECT_EQ(readMemory("Cannot access memory at address 0x10", 8), "");
}

// Memory of words.
class Memory {
 public:
  void put(std::uint64_t address, std::uint64_t word) { words_[address] = word; }
  MemoryReader reader() {
    return [this](std::uint64_t address, std::size_t words) {
      ++reads;
      std::string bytes;
      for (; words > 0 && words_.contains(address); --words, address += 8) bytes += bytesOf(words_[address]);
      return bytes;
    };
  }
  int reads = 0;

 private:
  std::map<std::uint64_t, std::uint64_t> words_;
};

TEST(Sampling, TheStackIsReadAlongTheFramePointers) {
  Memory memory;
  memory.put(0x1000, 0x8000);  // another stack, as an interrupt has one
  memory.put(0x1008, 0xaaaa);
  memory.put(0x8000, 0);
  memory.put(0x8008, 0xbbbb);
  VcpuState vcpu;
  vcpu.x[29] = 0x1000;
  const auto blocks = readStack(vcpu, memory.reader());
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(wordAt(blocks, 0x1008), 0xaaaau);
  EXPECT_EQ(wordAt(blocks, 0x8008), 0xbbbbu);
  EXPECT_EQ(wordAt(blocks, 0x8010), std::nullopt);
}

TEST(Sampling, WhatLiesBelowAFrameIsReadWhereItCanBe) {
  Memory memory;
  for (std::uint64_t at = 0x1000 - 320; at < 0x1010; at += 8) memory.put(at, at);
  memory.put(0x1000, 0);
  VcpuState vcpu;
  vcpu.x[29] = 0x1000;
  EXPECT_EQ(wordAt(readStack(vcpu, memory.reader()), 0x1000 - 64), 0x1000u - 64);
}

TEST(Sampling, AChainThatTurnsBackOrLeavesMemoryEnds) {
  Memory circle;
  circle.put(0x1000, 0x1010);
  circle.put(0x1008, 1);
  circle.put(0x1010, 0x1000);
  circle.put(0x1018, 2);
  VcpuState vcpu;
  vcpu.x[29] = 0x1000;
  EXPECT_EQ(readStack(vcpu, circle.reader()).size(), 1u);
  EXPECT_EQ(circle.reads, 2) << "there is nothing below it";

  Memory far;  // each frame in a block of its own
  for (std::uint64_t at = 0x10000; at < 0x10000 + 1000 * 0x10000; at += 0x10000) {
    far.put(at, at + 0x10000);
    far.put(at + 8, 1);
  }
  vcpu.x[29] = 0x10000;
  EXPECT_LT(readStack(vcpu, far.reader()).size(), 100u);

  vcpu.x[29] = 0x1004;  // no frame record lies there
  EXPECT_TRUE(readStack(vcpu, far.reader()).empty());
}

}  // namespace
}  // namespace relapse::guest
