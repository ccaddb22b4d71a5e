// SPDX-License-Identifier: GPL-2.0-or-later
#include "samples.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace relapse::report {
namespace {

using std::chrono::milliseconds;

void spoil(Json& value) {
  static const std::set<std::string> kKept{"word", "expected", "held", "artefact"};
  if (value.is_string()) value = value.get<std::string>() + kHostile;
  if (value.is_array())
    for (auto& inner : value) spoil(inner);
  if (!value.is_object()) return;
  Json spoilt = Json::object();
  for (auto& [key, inner] : value.items()) {
    if (!kKept.contains(key)) spoil(inner);
    const bool named = key == "client" || key == "server" || key.starts_with("x2");  // names of nodes and registers
    spoilt[named ? key + kHostile : key] = inner;
  }
  value = std::move(spoilt);
}

Rate rate(int hits, int runs, double low, double high) {
  Rate made{.hits = hits, .runs = runs, .low = low, .high = high};
  for (int i = 0; i < runs; ++i) (i < hits ? made.toEvent : made.without).push_back(milliseconds(2400 + 900 * i * i));
  return made;
}

std::vector<PastCell> past(int hits, const std::string& flag) {
  std::vector<PastCell> all;
  for (int day = 1; day <= 30; ++day) {
    if (day == 11) continue;
    const std::string night = fmt::format("20261{}{:02}T010000Z", day <= 9 ? 0 : 1, day <= 9 ? day + 22 : day - 9);
    const int now = hits == 0 ? 0 : std::min((day * 7 + hits) % (hits + 2), 6);
    all.push_back({night, now, day == 17 ? 0 : 6, day == 17 ? "not-run" : flag,
                   day % 9 == 0 ? "" : fmt::format("../{}/report.html", night)});
  }
  return all;
}

NightCellReport cell(const std::string& scenario, const std::string& flag, Rate made, const std::string& words,
                     const std::string& expected = "reproduced") {
  NightCellReport cell{.key = "debian-6.1/" + scenario,
                       .kernel = "debian-6.1",
                       .scenario = scenario,
                       .variant = {},
                       .expected = expected,
                       .release = "6.1.192",
                       .rate = std::move(made),
                       .flag = flag,
                       .words = words};
  cell.past = past(cell.rate.hits, flag == "new-failure" ? "passed" : flag);
  for (int i = 0; i < cell.rate.runs; ++i) {
    NightRun run{.id = fmt::format("20261122T01{:02}00Z-{}", i, scenario),
                 .directory = fmt::format("../../runs/20261122T01{:02}00Z-{}", i, scenario),
                 .verdict = i < cell.rate.hits ? "reproduced" : "survived",
                 .took = milliseconds(9000 + 100 * i)};
    if (i < cell.rate.hits) run.signature = "soft lockup in nfs_wb_page";
    if (i < cell.rate.hits) run.toEvent = cell.rate.toEvent[static_cast<std::size_t>(i)];
    cell.runs.push_back(std::move(run));
  }
  return cell;
}

}  // namespace

const std::string kHostile =
    "<img src=x onerror=window.pwned=8 "
    "></script><script>window.pwned=1;alert(1)</script>\"onmouseover=\"window.pwned=2\" 'onfocus='window.pwned=3' "
    "<img src=x onerror=window.pwned=4><svg onload=window.pwned=5> javascript:window.pwned=6 ]]> --> &lt; "
    "\x1b[2J\x1b]0;title\x07\x01\x7f\xc2\x9b\xff\xfe\xed\xa0\x80\xe2\x80\xae # SKIP `touch pwned`\n"
    "1..0\nok 1 - not mine\ndiff --git a/x b/x\nSubject: not mine\nEOD\nsystem('touch pwned')\n";

RunFiles sampleRun() {
  auto run = readRun(RELAPSE_SOURCE_DIR "/tests/report/samples/lockup");
  if (!run) throw std::runtime_error(run.error().message);
  run->rate = rate(4, 6, 0.223, 0.957);
  return *run;
}

RunFiles hostileRun() {
  RunFiles run = sampleRun();
  spoil(run.result);
  spoil(run.postmortem);
  for (auto& entry : run.timeline) {
    entry.text += kHostile;
    entry.what += entry.what == "fault" || entry.what == "undo" ? "" : kHostile;
    entry.node += kHostile;
  }
  std::string line = kHostile;
  for (char& c : line)
    if (c == '\n') c = ' ';
  run.folded += "vcpu 0;" + line + ";f 3\n" + line + " 5\n" + "no count\n" + ";;; 2\nx 99999999999999999999\n";
  run.disassembly += kHostile;
  run.notes = {kHostile};
  return run;
}

NightReport sampleNight() {
  NightReport night{.id = "20261122T010000Z",
                    .matrix = "matrix/nightly.yaml",
                    .startedAt = "2026-11-22T01:00:00Z",
                    .finishedAt = "2026-11-22T02:13:40Z",
                    .engine = "local, 2 slots",
                    .relapse = "0.1.0",
                    .expected = false,
                    .falseFlags = 0.01};
  night.cells = {
      cell("nfs-fatal-error-fixed", "new-failure", rate(2, 6, 0.043, 0.777), "2 of 6 runs failed; 0 of 174 before",
           "survived"),
      cell("nfs-wb-page-soft-lockup", "passed", rate(6, 6, 0.54, 1), "6 of 6 runs showed it, as in the nights before"),
      cell("nfs-updatepage-null-deref", "rate-changed", rate(1, 6, 0.004, 0.641), "1 of 6 runs; 140 of 174 before"),
      cell("nfs-commit-hang", "still-failing", rate(3, 6, 0.118, 0.882), "3 of 6 runs failed, as before", "survived"),
      cell("nfs-rename-race", "inconclusive", {.inconclusive = 6}, "no run came to a verdict: QEMU died"),
      cell("nfs-readdir-loop", "not-run", {}, "its kernel could not be built: no network"),
  };
  night.cells[1].variant = "nfs.mount.version=3";
  night.signatures = {{"soft lockup in nfs_wb_page",
                       "soft lockup in folio_clear_dirty_for_io",
                       {night.cells[0].key, night.cells[1].key},
                       8,
                       "2026-09-14T01:12:00Z",
                       "2026-11-22T01:51:00Z",
                       "../../runs/20261122T010000Z-nfs-wb-page-soft-lockup"},
                      {"NULL pointer in nfs_updatepage",
                       "",
                       {night.cells[2].key},
                       1,
                       "2026-11-22T01:40:00Z",
                       "2026-11-22T01:40:00Z",
                       ""}};
  night.notes = {"node arm7 was drained at 01:20: its two runs went elsewhere"};
  return night;
}

NightReport hostileNight() {
  NightReport night = sampleNight();
  for (auto* text : {&night.id, &night.matrix, &night.engine, &night.relapse, &night.startedAt}) *text += kHostile;
  for (auto& cell : night.cells) {
    for (auto* text : {&cell.key, &cell.kernel, &cell.scenario, &cell.variant, &cell.words, &cell.release})
      *text += kHostile;
    for (auto& one : cell.past) one.page = "javascript:window.pwned=7//" + kHostile;
    for (auto& run : cell.runs) run.signature = run.reason = run.where = run.directory = run.id = kHostile;
  }
  for (auto& one : night.signatures) one.signature = one.title = one.firstSeen = one.evidence = kHostile;
  night.notes.push_back(kHostile);
  return night;
}

}  // namespace relapse::report
