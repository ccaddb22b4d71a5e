// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/bisect_report.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "campaign/bisect_course.hpp"
#include "campaign/bisect_story.hpp"
#include "statistics/rates.hpp"

namespace relapse::campaign {
namespace {

using report::BisectReport;

report::BisectCount countOf(const bisect::Tally& tally) {
  return {tally.bad, tally.good, tally.other, tally.inconclusive};
}

std::vector<report::BisectRun> runsOf(const KernelState& kernel) {
  std::vector<report::BisectRun> runs;
  for (const auto& one : kernel.tries)
    runs.push_back({std::string(word(one.saw)), one.signature, one.reason, one.run.string(), one.took});
  return runs;
}

std::string countInWords(const bisect::Tally& tally) {
  std::string text = fmt::format("{} of {} tries had the bug", tally.bad, tally.tries());
  if (tally.tries() == 0) text = "no try of it came to a result";
  if (tally.other > 0) text += fmt::format(", {} another failure", tally.other);
  return text;
}

// The candidate that two kernels' being one binary is told by: the last before it with the same.
std::string sameAs(const BisectState& state, const BisectRound& round, std::size_t number) {
  const auto& mine = state.kernel(round.kernels[number]);
  if (mine.sum.empty()) return {};
  for (std::size_t other = 0; other < number; ++other)
    if (state.kernel(round.kernels[other]).sum == mine.sum) return nameOf(state.begun().plan, other);
  return {};
}

report::BisectCandidate candidateOf(const BisectState& state, const MainSearch& search, std::size_t number) {
  const auto& candidate = state.begun().plan.candidate(number);
  const auto& kernel = state.kernel(search.round.kernels[number]);
  report::BisectCandidate out;
  out.name = candidate.name;
  out.subject = candidate.subject;
  out.author = candidate.author;
  out.posterior = search.belief.posterior(number);
  out.count = countOf(kernel.tally);
  out.sameAs = sameAs(state, search.round, number);
  out.skipped = kernel.skipped.substr(0, kernel.skipped.find('\n'));
  if (out.skipped.empty() && bisect::givesNoResult(kernel.tally)) out.skipped = "its tries came to no result";
  out.runs = runsOf(kernel);
  return out;
}

report::BisectEnd endOf(const BisectState& state, const MainSearch& search, bool newEnd) {
  const auto& plan = state.begun().plan;
  const auto& kernel = state.kernel(search.round.kernels[newEnd ? plan.size() : 0]);
  return {newEnd ? plan.ends.back() : plan.ends.front(), countOf(kernel.tally), runsOf(kernel)};
}

// Other failures, with the first candidate whose kernel had them.
std::vector<report::BisectOther> othersOf(const BisectState& state, const MainSearch& search) {
  std::vector<report::BisectOther> others;
  for (std::size_t number = 0; number < search.round.kernels.size(); ++number)
    for (const auto& one : state.kernel(search.round.kernels[number]).tries) {
      if (one.saw != bisect::Saw::Other) continue;
      auto known = std::ranges::find(others, one.signature, &report::BisectOther::signature);
      if (known == others.end())
        known = others.insert(others.end(), {one.signature, nameOf(state.begun().plan, number), 0});
      ++known->runs;
    }
  return others;
}

report::BisectCheck checkOf(const BisectState& state, const MainSearch& search, const Proof& proof) {
  const auto& kernel = state.kernel(proof.mix);
  report::BisectCheck check;
  check.what = proof.words;
  check.expected = proof.bad ? "bad" : "good";
  const bisect::Tally tally = state.tallyOf(proof.mix);
  check.count = countOf(tally);
  check.runs = runsOf(kernel);
  const auto shown = shows(state, search, proof.mix);
  check.made = shown.has_value() && tally.tries() > 0;
  check.held = check.made && *shown == proof.bad;
  const std::string counted = countInWords(tally);
  if (!kernel.skipped.empty())
    check.words = "there is no such kernel: " + kernel.skipped.substr(0, kernel.skipped.find('\n'));
  else if (!check.made)
    check.words = counted + ": not known";
  else if (!proof.bad)
    check.words = counted + (check.held ? ": the bug does not come" : ": the bug comes all the same");
  else
    check.words = counted + (check.held ? ": the bug comes" : ": it takes more than this one");
  return check;
}

std::vector<std::string> namesOf(const BisectPlan& plan, const std::set<std::size_t>& numbers) {
  std::vector<std::string> names;
  for (const auto number : numbers) names.push_back(plan.candidate(number).name);
  return names;
}

report::BisectSubset subsetReport(const BisectState& state, const Subset& subset) {
  report::BisectSubset out;
  const auto& plan = state.begun().plan;
  out.names = namesOf(plan, subset.members);
  out.necessary = namesOf(plan, subset.necessary);
  out.minimal = subset.minimal && subset.suffices;
  if (!subset.why.empty())
    out.words = subset.why;
  else if (!subset.suffices)
    out.words = "not finished";
  else if (subset.members.size() == 1)
    out.words = "it suffices by itself";
  else
    out.words = fmt::format("{} together bring the bug{}", fmt::join(out.names, " and "),
                            subset.minimal ? ", and none of them can be left out" : "");
  return out;
}

// As it was measured at the end with the bug: tries that failed otherwise say nothing of it.
statistics::Count rateOf(const bisect::Tally& tally) {
  return {tally.bad, tally.bad + tally.good};
}

std::vector<std::string> cautionsOf(const BisectState& state, const MainSearch& search, std::size_t culprit) {
  std::vector<std::string> cautions;
  const auto& before = state.kernel(search.round.kernels[culprit - 1]);
  if (!state.begun().plan.graph && before.tally.other > before.tally.good)
    cautions.push_back(fmt::format(
        "the kernel before it fails, too, otherwise: it may have turned one failure into the other, or uncovered it"));
  const auto rate = rateOf(state.kernel(search.round.kernels.back()).tally);
  const auto interval = statistics::clopperPearson(rate);
  if (rate.hits < rate.tries)
    cautions.push_back(fmt::format("the bug is flaky: it came in {} of {} tries of the bad end ({} to {})", rate.hits,
                                   rate.tries, percent(interval.low), percent(interval.high)));
  return cautions;
}

void fillFound(const BisectState& state, const MainSearch& search, const bisect::Found& found, BisectReport& out) {
  const auto& begun = state.begun();
  out.posterior = found.posterior;
  for (const auto number : found.candidates) {
    out.candidates[number - 1].chosen = true;
    const auto& candidate = begun.plan.candidate(number);
    out.culprits.push_back({candidate.commit, candidate.messageId, candidate.subject, candidate.author});
  }
  if (found.candidates.size() != 1) return;
  const auto culprit = found.candidates.front();
  if (!begun.question.fixedBy) out.cautions = cautionsOf(state, search, culprit);
  for (const auto& proof : proofsOf(begun.plan, begun.question, culprit))
    out.checks.push_back(checkOf(state, search, proof));
  if (begun.subset) out.subset = subsetReport(state, subsetOf(state, search, culprit));
}

void countWork(const BisectState& state, BisectReport& out) {
  for (const auto& [key, kernel] : state.kernels()) {
    if (kernel.built) ++out.kernels;
    out.runs += static_cast<int>(kernel.tries.size());
  }
}

}  // namespace

BisectReport reportOf(const BisectState& state, bool underWay) {
  const auto& begun = state.begun();
  const MainSearch search(state);
  BisectReport out;
  out.id = begun.id;
  out.relapse = begun.relapse;
  out.scenario = begun.scenario;
  out.space = word(begun.plan.kind);
  out.source = begun.plan.kind == BisectKind::Git ? begun.plan.repository.string() : begun.plan.source;
  const auto& badKernel = state.kernel(search.round.kernels[begun.question.fixedBy ? 0 : begun.plan.size()]);
  out.release = badKernel.release;
  out.target = state.target();
  if (out.target.empty())
    for (const auto& one : badKernel.tries)
      if (one.saw == bisect::Saw::Bad) out.target = one.signature;
  out.fixedBy = begun.question.fixedBy;
  out.startedAt = begun.startedAt;
  out.confidence = begun.question.confidence;
  const auto rate = rateOf(badKernel.tally);
  const auto interval = statistics::clopperPearson(rate);
  out.rate = rate.rate();
  out.rateLow = interval.low;
  out.rateHigh = interval.high;
  out.good = endOf(state, search, begun.question.fixedBy);
  out.bad = endOf(state, search, !begun.question.fixedBy);
  for (std::size_t number = 1; number <= begun.plan.size(); ++number)
    out.candidates.push_back(candidateOf(state, search, number));
  out.others = othersOf(state, search);
  const auto& ended = state.ended();
  out.ending = ended ? ended->ending : underWay ? "under-way" : "interrupted";
  out.finishedAt = ended ? ended->at : "";
  out.took = state.spent();
  out.words = resultInWords(state, search, out.ending);
  if (const auto* found = std::get_if<bisect::Found>(&search.step)) fillFound(state, search, *found, out);
  countWork(state, out);
  return out;
}

}  // namespace relapse::campaign
