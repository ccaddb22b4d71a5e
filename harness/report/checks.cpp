// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/checks.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "report/json_parts.hpp"

namespace relapse::report {
namespace {

// A cell holds when it is as expected, and when what failed before does not any more.
Held heldOf(const NightCellReport& cell) {
  if (cell.flag == "passed" || cell.flag == "fixed") return Held::Yes;
  if (cell.flag == "inconclusive") return Held::Unknown;
  return cell.flag == "not-run" ? Held::NotRun : Held::No;
}

Check checkOf(const NightRun& run, const NightCellReport& cell, Held whole) {
  Check check{.name = run.id, .took = run.took};
  check.words = run.signature.empty() ? run.reason : run.signature;
  if (check.words.empty()) check.words = run.verdict;
  if (run.verdict == cell.expected) {
    check.held = Held::Yes;
  } else if (run.verdict == "survived" || run.verdict == "reproduced" || run.verdict == "other-failure") {
    check.held = whole == Held::Yes && run.verdict != "other-failure" ? Held::NotRun : Held::No;
    check.words = fmt::format("{} where {} was expected{}{}", run.verdict, cell.expected,
                              run.signature.empty() ? "" : ": ", run.signature);
  }
  return check;
}

std::string traceText(const Json& event) {
  std::string out;
  for (const auto& frame : frameLines(listOf(event, "frames")))
    out += frame.text + (frame.place.empty() ? "" : "  " + frame.place) + "\n";
  return out;
}

Check checkOf(const RunFiles& run) {
  const Json& verdict = part(run.result, "verdict");
  Check check{.name = textOf(run.result, "id")};
  const std::string word = textOf(verdict, "word");
  if (isTrue(verdict, "held"))
    check.held = Held::Yes;
  else if (word == "survived" || word == "reproduced" || word == "other-failure")
    check.held = Held::No;
  check.words = word;
  for (const char* key : {"signature", "reason"})
    if (const auto text = textOf(verdict, key); !text.empty()) check.words += ": " + text;
  for (const auto& stage : listOf(run.result, "stages"))
    check.took += std::chrono::milliseconds(wholeOf(stage, "ms").value_or(0));
  check.more = traceText(decisiveEvent(run.result));
  return check;
}

// Of all runs: one that did not hold decides, then one without an answer.
Check together(const CheckGroup& group) {
  Check whole{.name = group.name, .held = Held::Yes};
  std::size_t held = 0;
  for (const auto& run : group.runs) {
    whole.took += run.took;
    held += run.held == Held::Yes ? 1 : 0;
    if (run.held == Held::No || (run.held != Held::Yes && whole.held == Held::Yes)) whole.held = run.held;
  }
  whole.words = fmt::format("{} of {} runs as expected", held, group.runs.size());
  return whole;
}

}  // namespace

CheckList checksOf(const NightReport& night) {
  CheckList list{night.id, night.startedAt, {}};
  for (const auto& cell : night.cells) {
    const Held whole = heldOf(cell);
    CheckGroup group{cell.key, {cell.key, whole, fmt::format("{}: {}", cell.flag, cell.words)}};
    for (const auto& run : cell.runs) {
      group.runs.push_back(checkOf(run, cell, whole));
      group.whole.took += run.took;
    }
    list.groups.push_back(std::move(group));
  }
  return list;
}

CheckList checksOf(std::span<const RunFiles> runs) {
  CheckList list{"relapse", {}, {}};
  for (const auto& run : runs) {
    if (list.startedAt.empty()) list.startedAt = textOf(run.result, "started_at");
    const std::string name = textOf(part(run.result, "scenario"), "name");
    auto group = std::ranges::find(list.groups, name, &CheckGroup::name);
    if (group == list.groups.end()) group = list.groups.insert(list.groups.end(), CheckGroup{name});
    group->runs.push_back(checkOf(run));
  }
  for (auto& group : list.groups) group.whole = together(group);
  return list;
}

}  // namespace relapse::report
