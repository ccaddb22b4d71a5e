// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/samples.hpp"

#include <fmt/format.h>

#include "report/event_json.hpp"

namespace relapse::report {
namespace {

constexpr int kSamplesVersion = 2;  // 1 had QEMU's text

std::string hex(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

std::string hex(const std::string& bytes) {
  std::string out;
  for (const char byte : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return out;
}

Json vcpuJson(const guest::VcpuState& vcpu) {
  Json x = Json::array();
  for (const auto value : vcpu.x) x.push_back(hex(value));
  return {{"vcpu", vcpu.vcpu}, {"pc", hex(vcpu.pc)}, {"sp", hex(vcpu.sp)}, {"pstate", hex(vcpu.pstate)}, {"x", x}};
}

Json sampleJson(const guest::Sample& sample) {
  Json out{{"at_ms", sample.at.count()}, {"vcpus", Json::array()}, {"stacks", Json::array()}};
  for (const auto& vcpu : sample.vcpus) out["vcpus"].push_back(vcpuJson(vcpu));
  for (const auto& block : sample.stacks)
    out["stacks"].push_back({{"address", hex(block.address)}, {"bytes", hex(block.bytes)}});
  return out;
}

}  // namespace

std::string samplesJson(const std::vector<guest::Sample>& samples) {
  Json out{{"version", kSamplesVersion}, {"samples", Json::array()}};
  for (const auto& sample : samples) out["samples"].push_back(sampleJson(sample));
  return dumped(out) + "\n";
}

std::string foldedText(const postmortem::SpinProfile& profile) {
  std::string out;
  for (const auto& stack : profile.folded) out += fmt::format("{} {}\n", stack.what, stack.samples);
  return out;
}

}  // namespace relapse::report
