// SPDX-License-Identifier: GPL-2.0-or-later
#include <chrono>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "guest/guest_host.hpp"
#include "process/process.hpp"
#include "version/version.hpp"

namespace relapse::cli {
namespace {

constexpr const char* kPrograms[] = {
    "qemu-system-aarch64", "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-ld", "make", "ccache", "git", "drgn", "gnuplot"};

std::string firstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string versionOf(const char* program) {
  if (!process::findProgram(program)) return "missing";
  const auto ran = process::run({.argv = {program, "--version"}}, {.deadline = std::chrono::seconds(5)});
  if (!ran) return ran.error().message;
  return firstLine(ran->standardOutput.empty() ? ran->standardError : ran->standardOutput);
}

}  // namespace

std::string versionText(bool withPrograms) {
  std::string text = version::sentence();
  if (!withPrograms) return text;
  text += fmt::format("\n{:<22}  {}", "libvirt", guest::libvirtVersion());
  for (const auto* program : kPrograms) text += fmt::format("\n{:<22}  {}", program, versionOf(program));
  return text;
}

}  // namespace relapse::cli
