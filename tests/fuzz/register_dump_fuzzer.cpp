// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as what QEMU's monitor answers: registers, memory, a status, the ports.
#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "guest/monitor_answers.hpp"
#include "guest/sampling.hpp"
#include "require.hpp"

namespace relapse::guest {
namespace {

constexpr std::size_t kMostReads = 64;
constexpr std::size_t kMostWords = 160;

// As QEMU prints it.
std::string printed(const VcpuState& vcpu) {
  std::string text = fmt::format("CPU#{}\n PC={:016x}", vcpu.vcpu, vcpu.pc);
  for (std::size_t i = 0; i < vcpu.x.size(); ++i) text += fmt::format(" X{:02}={:016x}", i, vcpu.x[i]);
  return text + fmt::format("  SP={:016x}\nPSTATE={:08x} -Z-- EL1h\n", vcpu.sp, vcpu.pstate);
}

bool isSame(const VcpuState& one, const VcpuState& other) {
  return one.vcpu == other.vcpu && one.pc == other.pc && one.sp == other.sp && one.pstate == other.pstate &&
         one.x == other.x;
}

void checkStack(const VcpuState& vcpu, std::string_view memory) {
  std::size_t reads = 0;
  const auto blocks = readStack(vcpu, [&](std::uint64_t address, std::size_t words) {
    require(++reads <= kMostReads && words <= kMostWords, "a stack takes few reads, whatever it is like", memory);
    return std::string(memory.substr(address % (memory.size() + 1), words * 8));
  });
  require(blocks.size() <= kMostReads, "a stack has few blocks", memory);
}

void checkRegisters(std::string_view text) {
  const auto vcpus = readRegisters(text);
  std::string again;
  for (const VcpuState& vcpu : vcpus) {
    require(vcpu.vcpu >= 0, "a vCPU's number is natural", text);
    again += printed(vcpu);
    checkStack(vcpu, text);
#ifdef RELAPSE_PLANTED_BUG
    require(vcpu.vcpu < 3, "the planted bug", text);
#endif
  }
  const auto read = readRegisters(again);
  require(read.size() == vcpus.size(), "registers can be printed and read", again);
  for (std::size_t i = 0; i < read.size(); ++i) require(isSame(read[i], vcpus[i]), "they are the same then", again);
}

void checkMemory(std::string_view text, std::size_t words) {
  const std::string bytes = readMemory(text, words);
  require(bytes.size() <= words * 8 && bytes.size() % 8 == 0, "memory is whole words, as many as asked for", text);
}

void check(std::string_view text) {
  checkRegisters(text);
  for (const std::size_t words : {0u, 1u, 160u}) checkMemory(text, words);
  readRunning(text);
  if (const auto port = readGdbPort(text)) require(*port > 0 && *port < 65536, "a port is one", text);
}

}  // namespace
}  // namespace relapse::guest

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  relapse::guest::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
