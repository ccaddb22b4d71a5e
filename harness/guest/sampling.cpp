// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/sampling.hpp"

#include <charconv>
#include <optional>

namespace relapse::guest {
namespace {

constexpr std::size_t kWord = 8;
constexpr std::size_t kBlockWords = 160;    // a chain seldom uses more than two blocks of them
constexpr std::uint64_t kBelowFrame = 320;  // an exception's frame record stands behind the registers that it saved
constexpr int kMostFrames = 256;
constexpr std::size_t kMostBlocks = 24;

std::optional<std::uint64_t> hexFrom(std::string_view text) {
  std::uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return end.ec == std::errc() ? std::optional(value) : std::nullopt;
}

// "X05=4000..." -> the value behind the '='.
std::optional<std::uint64_t> valueOf(std::string_view text, std::string_view name) {
  for (std::size_t at = 0; (at = text.find(name, at)) != std::string_view::npos; ++at) {
    const std::size_t after = at + name.size();
    const bool whole = at == 0 || text[at - 1] == ' ' || text[at - 1] == '\n';
    if (whole && after < text.size() && text[after] == '=') return hexFrom(text.substr(after + 1));
  }
  return std::nullopt;
}

std::optional<VcpuState> readVcpu(std::string_view text) {
  VcpuState state;
  const auto number = text.find('#');
  if (number == std::string_view::npos) return std::nullopt;
  const auto read = std::from_chars(text.data() + number + 1, text.data() + text.size(), state.vcpu);
  if (read.ec != std::errc() || state.vcpu < 0) return std::nullopt;
  const auto pc = valueOf(text, "PC");
  const auto sp = valueOf(text, "SP");
  const auto pstate = valueOf(text, "PSTATE");
  if (!pc || !sp || !pstate) return std::nullopt;
  state.pc = *pc;
  state.sp = *sp;
  state.pstate = *pstate;
  for (std::size_t i = 0; i < state.x.size(); ++i) {
    const char name[] = {'X', static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10), '\0'};
    const auto value = valueOf(text, name);
    if (!value) return std::nullopt;
    state.x[i] = *value;
  }
  return state;
}

}  // namespace

std::vector<VcpuState> readRegisters(std::string_view text) {
  static constexpr std::string_view kHead = "CPU#";
  std::vector<VcpuState> vcpus;
  for (std::size_t at = text.find(kHead); at != std::string_view::npos;) {
    const std::size_t next = text.find(kHead, at + kHead.size());
    if (const auto state = readVcpu(text.substr(at, next == std::string_view::npos ? next : next - at)))
      vcpus.push_back(*state);
    at = next;
  }
  return vcpus;
}

std::string readMemory(std::string_view text, std::size_t words) {
  static constexpr std::string_view kValue = " 0x";
  text = text.substr(0, text.find("Cannot"));  // "Cannot access memory at address 0x..."
  std::string bytes;
  for (std::size_t at = 0; bytes.size() < words * kWord && (at = text.find(kValue, at)) != std::string_view::npos;) {
    at += kValue.size();
    const auto value = hexFrom(text.substr(at));
    if (!value) break;
    for (std::size_t i = 0; i < kWord; ++i) bytes += static_cast<char>(*value >> (8 * i) & 0xff);
  }
  return bytes;
}

std::vector<MemoryBlock> readStack(const VcpuState& vcpu, const MemoryReader& read) {
  std::vector<MemoryBlock> blocks;
  std::uint64_t frame = vcpu.x[29];
  for (int i = 0; i < kMostFrames && frame != 0 && frame % kWord == 0; ++i) {
    if (!wordAt(blocks, frame + kWord)) {
      if (blocks.size() >= kMostBlocks) break;
      blocks.push_back({frame - kBelowFrame, read(frame - kBelowFrame, kBlockWords)});
      if (!wordAt(blocks, frame + kWord)) blocks.back() = {frame, read(frame, kBlockWords)};
    }
    const auto next = wordAt(blocks, frame);
    if (!next || *next == frame) break;
    frame = *next;
  }
  return blocks;
}

}  // namespace relapse::guest
