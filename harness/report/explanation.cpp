// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/explanation.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "report/disassembly.hpp"
#include "report/terminal.hpp"

namespace relapse::report {
namespace {

constexpr std::size_t kMostFrames = 16;
constexpr std::size_t kMostInlined = 10;
constexpr std::size_t kMostShares = 5;
constexpr std::size_t kMostCommon = 4;
constexpr int kNameWidth = 36;

std::string placeText(const stacktrace::SourcePlace& place) {
  if (place.file.empty()) return {};
  return place.line > 0 ? fmt::format("{}:{}", place.file, place.line) : place.file;
}

std::string line(std::string_view name, const std::string& place) {
  std::string out = fmt::format("            {:<{}} {}", plain(name), kNameWidth, plain(place));
  out.erase(out.find_last_not_of(' ') + 1);
  return out + '\n';
}

// What lies beyond is how every system call is entered. // arch/arm64/kernel/syscall.c
bool isSystemCall(const stacktrace::Frame& frame) {
  return frame.raw.symbol.starts_with("__arm64_sys_") || frame.raw.symbol == "ret_from_fork";
}

std::string undecodedFrame(const stacktrace::Frame& frame) {
  return line(frame.raw.text, frame.undecoded.empty() ? std::string() : "undecoded: " + frame.undecoded);
}

std::string innermostFrame(const stacktrace::Frame& frame) {
  std::string out;
  const std::size_t inlined = frame.calls.size() - 1;
  for (std::size_t i = 0; i < inlined; ++i) {
    if (i >= kMostInlined) return out + line(fmt::format("  ... {} more, inlined", inlined - i), {});
    out += line("  " + frame.calls[i].function + " (inlined)", placeText(frame.calls[i].place));
  }
  return out;
}

std::string outermostCall(const stacktrace::Frame& frame, bool inlinedShown) {
  const std::size_t inlined = frame.calls.size() - 1;
  std::string place = placeText(frame.calls.back().place);
  if (!inlinedShown && inlined > 0) place += fmt::format(" (+{} inlined)", inlined);
  return line(frame.raw.text, place);
}

std::string percent(int part, int whole) {
  return fmt::format("{} %", whole > 0 ? (100 * part + whole / 2) / whole : 0);
}

std::string spinning(const postmortem::VcpuProfile& vcpu, const postmortem::SpinProfile& profile) {
  std::vector<std::string> shares;
  for (std::size_t i = 0; i < vcpu.innermost.size() && i < kMostShares; ++i)
    shares.push_back(
        fmt::format("{} {}", plain(vcpu.innermost[i].what), percent(vcpu.innermost[i].samples, vcpu.samples)));
  if (vcpu.innermost.size() > kMostShares)
    shares.push_back(fmt::format("{} more", vcpu.innermost.size() - kMostShares));
  std::string out = fmt::format("  spin      vCPU {}, {} samples in {}: {}\n", vcpu.vcpu, vcpu.samples,
                                duration(profile.span), fmt::join(shares, ", "));
  std::vector<std::string> common(vcpu.common.begin(), vcpu.common.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                                 vcpu.common.size(), kMostCommon)));
  for (auto& function : common) function = plain(function);
  if (!common.empty()) out += fmt::format("            in every one of them: {}\n", fmt::join(common, " <- "));
  return out;
}

}  // namespace

std::string decodedTrace(const stacktrace::StackTrace& trace) {
  std::string out;
  std::size_t shown = 0;
  for (const auto& frame : trace) {
    if (shown == kMostFrames) return out + line(fmt::format("... {} more", trace.size() - shown), {});
    if (frame.calls.empty()) {
      out += undecodedFrame(frame);
    } else {
      if (shown == 0) out += innermostFrame(frame);
      out += outermostCall(frame, shown == 0);
    }
    ++shown;
    if (isSystemCall(frame)) break;
  }
  return out;
}

std::string spinLines(const postmortem::SpinProfile& profile) {
  std::string out;
  for (const auto& vcpu : profile.vcpus)
    if (vcpu.spins()) out += spinning(vcpu, profile);
  return out;
}

std::string codeLine(const postmortem::Disassembly& code) {
  const auto pc = std::ranges::find_if(code.instructions, [](const auto& instruction) { return instruction.isPc; });
  if (pc == code.instructions.end()) return {};
  return fmt::format("  code      {:x}: {}; {}'s {}\n", pc->address, plain(pc->text), plain(code.function),
                     firstArgumentText(code));
}

std::string stallLine(const StallOnHost& stall) {
  return fmt::format("            its vCPU ran {:.0f} % of that time on the host (load {:.1f})\n", 100 * stall.share,
                     stall.load);
}

}  // namespace relapse::report
