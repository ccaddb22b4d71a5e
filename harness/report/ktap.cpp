// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "report/checks.hpp"
#include "report/markup.hpp"

namespace relapse::report {
namespace {

// A description has no '#', which begins a directive.
std::string described(std::string_view text) {
  std::string line = asciiLine(text);
  std::ranges::replace(line, '#', '_');
  return line;
}

std::string diagnostics(const Check& check, std::string_view indent) {
  std::string out;
  const std::string text = cleaned(check.more);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out += fmt::format("{}# {}\n", indent, asciiLine(std::string_view(text).substr(at, end - at)));
    at = end + 1;
  }
  return out;
}

std::string resultLine(const Check& check, std::size_t number, std::string_view indent) {
  const bool ok = check.held == Held::Yes || check.held == Held::NotRun;
  std::string out = fmt::format("{}{} {} - {}", indent, ok ? "ok" : "not ok", number, described(check.name));
  if (check.held == Held::NotRun) out += " # SKIP " + asciiLine(check.words);
  if (check.held == Held::Unknown) out += " # ERROR " + asciiLine(check.words);
  out += "\n";
  if (check.held != Held::No) return out;
  return fmt::format("{}# {}\n", indent, asciiLine(check.words)) + diagnostics(check, indent) + out;
}

std::string subtests(const CheckGroup& group) {
  if (group.runs.empty()) return {};
  std::string out =
      fmt::format("  KTAP version 1\n  # Subtest: {}\n  1..{}\n", described(group.name), group.runs.size());
  for (std::size_t i = 0; i < group.runs.size(); ++i) out += resultLine(group.runs[i], i + 1, "  ");
  return out;
}

}  // namespace

std::string ktap(const CheckList& checks) {
  std::string out = fmt::format("KTAP version 1\n1..{}\n", checks.groups.size());
  for (std::size_t i = 0; i < checks.groups.size(); ++i) {
    Check whole = checks.groups[i].whole;
    whole.name = checks.groups[i].name;
    out += subtests(checks.groups[i]) + resultLine(whole, i + 1, "");
  }
  return out;
}

}  // namespace relapse::report
