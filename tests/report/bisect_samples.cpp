// SPDX-License-Identifier: GPL-2.0-or-later
#include <cmath>

#include <fmt/format.h>

#include "samples.hpp"

namespace relapse::report {
namespace {

using std::chrono::milliseconds;

constexpr const char* kLockup = "soft lockup in nfs_wb_page";
constexpr const char* kPointer = "NULL pointer in nfs_updatepage";

std::vector<BisectRun> runsOf(const BisectCount& count, const std::string& kernel) {
  std::vector<BisectRun> runs;
  const auto add = [&](int many, const std::string& outcome, const std::string& signature, const std::string& reason) {
    for (int i = 0; i < many; ++i)
      runs.push_back({.outcome = outcome,
                      .signature = signature,
                      .reason = reason,
                      .directory = fmt::format("runs/{}-{:02}", kernel, runs.size() + 1),
                      .took = milliseconds(9000 + 130 * static_cast<int>(runs.size()))});
  };
  add(count.bad, "bad", kLockup, "");
  add(count.good, "good", "", "");
  add(count.other, "other", kPointer, "");
  add(count.inconclusive, "inconclusive", "", "QEMU ended before the guest did");
  if (!runs.empty()) runs.back().directory.clear();
  return runs;
}

void tried(BisectCandidate& candidate, BisectCount count) {
  candidate.count = count;
  candidate.runs = runsOf(count, candidate.name.substr(0, 4));
}

BisectCheck check(const std::string& what, const std::string& expected, const std::string& words, BisectCount count) {
  return {.what = what,
          .expected = expected,
          .made = true,
          .held = true,
          .words = words,
          .count = count,
          .runs = runsOf(count, "check")};
}

BisectReport ends() {
  BisectReport bisect{.id = "20261128T101500Z-nfs-wb-page-soft-lockup",
                      .relapse = "0.1.0",
                      .scenario = "nfs-wb-page-soft-lockup",
                      .space = "series",
                      .source = "debian-6.1",
                      .release = "6.1.192",
                      .target = kLockup,
                      .startedAt = "2026-11-28T10:15:00Z",
                      .finishedAt = "2026-11-28T10:46:04Z",
                      .took = milliseconds(1864000),
                      .rate = 0.812,
                      .rateLow = 0.58,
                      .rateHigh = 0.94};
  bisect.good = {"debian-6.1", {.good = 12}, runsOf({.good = 12}, "good")};
  bisect.bad = {"debian-6.1 + 8 patches", {.bad = 6, .good = 1}, runsOf({.bad = 6, .good = 1}, "bad")};
  bisect.reproduce = "relapse run nfs-wb-page-soft-lockup --kernel debian-6.1 --series series/nfs-wb-page --repeat 4";
  return bisect;
}

}  // namespace

BisectReport sampleBisect() {
  BisectReport bisect = ends();
  const char* kNames[] = {"0001-nfs-count-requests",   "0002-nfs-name-the-error", "0003-nfs-do-not-interrupt-writeout",
                          "0004-nfs-tidy-the-headers", "0005-nfs-keep-the-page",  "0006-nfs-trace-the-page",
                          "0007-nfs-say-which-error",  "0008-nfs-fewer-locks"};
  const double kPosterior[] = {0.0004, 0.0011, 0.0042, 0.0131, 0.9731, 0.0078, 0.0003, 0};
  for (std::size_t i = 0; i < std::size(kNames); ++i)
    bisect.candidates.push_back(
        {.name = kNames[i],
         .subject = fmt::format("NFS: {}", std::string(kNames[i]).substr(9)),
         .author = i == 4 ? "J\u00fcrgen \u738b <author@example.org>" : "A. U. Thor <a@example.org>",
         .posterior = kPosterior[i]});
  bisect.candidates[4].subject = "NFS: keep the page whose write has failed";
  bisect.candidates[4].chosen = true;
  tried(bisect.candidates[2], {.good = 6, .other = 2});
  bisect.candidates[3].sameAs = kNames[2];
  tried(bisect.candidates[4], {.bad = 5, .good = 1, .inconclusive = 1});
  bisect.candidates[5].skipped = "does not build: fs/nfs/nfstrace.h:12: error: expected ';'";
  bisect.posterior = 0.9731;
  bisect.ending = "found";
  bisect.words = "5 of 6 tries with it are bad, none of 8 without it.";
  bisect.cautions = {"Two kernels could not be tried."};
  bisect.others = {{kPointer, kNames[2], 2}};
  bisect.checks = {check("the bad end without 0005-nfs-keep-the-page", "good", "0 of 8 tries are bad.", {.good = 8}),
                   check("the good end with 0005-nfs-keep-the-page", "bad",
                         "0 of 8 tries are bad: it takes more than this one.", {.good = 8})};
  bisect.checks[1].held = false;
  bisect.subset = BisectSubset{.names = {kNames[2], kNames[4]},
                               .necessary = {kNames[4]},
                               .minimal = true,
                               .words = "Without either of them 0 of 8 tries are bad."};
  bisect.culprits = {{.commit = "22876f540bdf00112233445566778899aabbccdd",
                      .messageId = "20190407175912.23528-21-author@example.org",
                      .subject = bisect.candidates[4].subject,
                      .author = bisect.candidates[4].author}};
  bisect.kernels = 6;
  bisect.runs = 49;
  bisect.story = {"tried debian-6.1: 12 good", "tried 0004-nfs-tidy-the-headers: 6 good, 2 other", "chose 0005"};
  return bisect;
}

BisectReport bigBisect(std::size_t many) {
  BisectReport bisect = ends();
  bisect.space = "git";
  bisect.good.name = "v6.1.180";
  bisect.bad.name = "v6.1.192";
  for (std::size_t i = 0; i < many; ++i)
    bisect.candidates.push_back({.name = fmt::format("{:012x}", 0x9e3779b97f4aULL * (i + 1) & 0xffffffffffffULL),
                                 .subject = fmt::format("subsystem{}: a change of usual length, as their subjects are, "
                                                        "with its number {}",
                                                        i % 40, i),
                                 .author = "A. U. Thor <a@example.org>"});
  const std::size_t culprit = many * 5 / 8;
  for (std::size_t low = 0, high = many; high - low > 1;) {
    const std::size_t middle = (low + high) / 2;
    tried(bisect.candidates[middle], middle >= culprit ? BisectCount{.bad = 3} : BisectCount{.good = 9});
    if (middle % 5 == 1) tried(bisect.candidates[middle], {.good = 2, .other = 1});
    (middle >= culprit ? high : low) = middle;
  }
  double sum = 0;
  for (std::size_t i = 0; i < many; ++i) {
    const double away = std::abs(static_cast<double>(i) - static_cast<double>(culprit));
    sum += bisect.candidates[i].posterior = i < culprit ? std::exp(-6 - away) : std::exp(-3 * std::max(away - 2, 0.0));
  }
  for (auto& candidate : bisect.candidates) candidate.posterior /= sum;
  for (std::size_t i = culprit; i < culprit + 3; ++i) {
    if (i < culprit + 2) tried(bisect.candidates[i], {});
    if (i < culprit + 2) bisect.candidates[i].skipped = "does not build";
    bisect.candidates[i].chosen = true;
    bisect.posterior += bisect.candidates[i].posterior;
    bisect.culprits.push_back({.commit = bisect.candidates[i].name + "0123456789abcdef0123456789ab",
                               .subject = bisect.candidates[i].subject,
                               .author = bisect.candidates[i].author});
  }
  if (culprit + 2 < many) tried(bisect.candidates[culprit + 2], {.bad = 3});
  bisect.ending = "found";
  bisect.kernels = 14;
  bisect.runs = 71;
  return bisect;
}

BisectReport hostileBisect() {
  BisectReport bisect = sampleBisect();
  for (auto* text :
       {&bisect.id, &bisect.relapse, &bisect.scenario, &bisect.source, &bisect.release, &bisect.target,
        &bisect.startedAt, &bisect.finishedAt, &bisect.words, &bisect.reproduce, &bisect.good.name, &bisect.bad.name})
    *text += kHostile;
  const auto spoilRuns = [](std::vector<BisectRun>& runs) {
    for (auto& run : runs) run.signature = run.reason = kHostile;
    for (auto& run : runs) run.directory = "javascript:window.pwned=7//" + kHostile;
  };
  for (auto* end : {&bisect.good, &bisect.bad}) spoilRuns(end->runs);
  for (auto& candidate : bisect.candidates) {
    for (auto* text : {&candidate.name, &candidate.subject, &candidate.author}) *text += kHostile;
    if (!candidate.sameAs.empty()) candidate.sameAs += kHostile;
    if (!candidate.skipped.empty()) candidate.skipped += kHostile;
    spoilRuns(candidate.runs);
  }
  for (auto& other : bisect.others) other.signature = other.first = kHostile;
  for (auto& one : bisect.checks) {
    one.what = one.words = kHostile;
    spoilRuns(one.runs);
  }
  for (auto* names : {&bisect.subset->names, &bisect.subset->necessary, &bisect.cautions, &bisect.story})
    for (auto& name : *names) name += kHostile;
  bisect.subset->words = kHostile;
  for (auto& culprit : bisect.culprits)
    culprit.commit = culprit.messageId = culprit.subject = culprit.author = kHostile;
  return bisect;
}

BisectReport fixedBisect() {
  BisectReport bisect = sampleBisect();
  bisect.fixedBy = true;
  return bisect;
}

BisectReport endedBisect(std::string_view ending) {
  BisectReport bisect = sampleBisect();
  bisect.ending = ending;
  for (auto& candidate : bisect.candidates) candidate.chosen = false;
  bisect.culprits.clear();
  bisect.checks.clear();
  bisect.subset.reset();
  return bisect;
}

// Some commits are left, and the tries did not decide.
BisectReport undecidedBisect() {
  BisectReport bisect = bigBisect(64);
  bisect.ending = "not-decided";
  return bisect;
}

std::vector<BisectReport> allBisects() {
  std::vector<BisectReport> all{sampleBisect(), hostileBisect(), bigBisect(4096), fixedBisect(), undecidedBisect(), {}};
  for (const auto ending : kBisectEndings) all.push_back(endedBisect(ending));
  all.push_back(sampleBisect());
  all.back().candidates[4].name = std::string(400, 'x');
  all.push_back(sampleBisect());
  for (auto& candidate : all.back().candidates) {
    candidate.name.clear();
    for (int i = 0; i < 70; ++i) candidate.name += "\u5185\u6838";
  }
  return all;
}

}  // namespace relapse::report
