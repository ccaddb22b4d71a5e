// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/bisect_course.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace relapse::campaign {
namespace {

constexpr double kUnknownBuild = 30;  // seconds, before one is measured
constexpr double kObject = 0.3;       // of them for one object more
constexpr double kUnknownRun = 10;

double mean(const std::vector<double>& values, double otherwise) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? otherwise : sum / static_cast<double>(values.size());
}

double seconds(std::chrono::milliseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

double buildSeconds(const BisectState& state) {
  std::vector<double> times;
  for (const auto took : state.builds()) times.push_back(seconds(took));
  return mean(times, kUnknownBuild);
}

double runSeconds(const BisectState& state) {
  std::vector<double> times;
  for (const auto& [key, kernel] : state.kernels())
    for (const auto& one : kernel.tries)
      if (one.took.count() > 0) times.push_back(seconds(one.took));
  return std::max(0.5, mean(times, kUnknownRun));
}

// Objects of the candidates that one of the two has and the other has not.
double objectsBetween(const BisectPlan& plan, const Mix& one, const Mix& other) {
  double objects = 0;
  for (std::size_t number = 1; number <= plan.size(); ++number)
    if (one.has(number) != other.has(number)) objects += plan.candidate(number).objects;
  return objects;
}

// That a kernel can be built, by how far it is from the nearest that cannot.
std::vector<double> chances(const bisect::Evidence& evidence) {
  const std::size_t size = evidence.untestable.size();
  std::vector<double> chance(size, 0.95);
  for (std::size_t kernel = 0; kernel < size; ++kernel) {
    if (!evidence.untestable[kernel]) continue;
    for (std::size_t away = 1; away <= 8; ++away) {
      const double there = 0.95 - 0.6 * std::pow(0.5, static_cast<double>(away - 1));
      if (kernel >= away) chance[kernel - away] = std::min(chance[kernel - away], there);
      if (kernel + away < size) chance[kernel + away] = std::min(chance[kernel + away], there);
    }
  }
  return chance;
}

std::string endingOf(const bisect::Step& step) {
  if (std::holds_alternative<bisect::Found>(step)) return "found";
  if (std::holds_alternative<bisect::GoodEndIsBad>(step)) return "good-end-bad";
  if (std::holds_alternative<bisect::BadEndIsGood>(step)) return "bad-end-good";
  return "not-decided";
}

// A kernel that is still to be settled; nothing: it is, or cannot be.
std::optional<Work> unsettled(const BisectState& state, const MainSearch& search, const Mix& mix) {
  const auto& kernel = state.kernel(mix);
  const bool outOfReach = !kernel.skipped.empty() || bisect::givesNoResult(kernel.tally);
  if (outOfReach || shows(state, search, mix)) return std::nullopt;
  return Settle{mix};
}

// Each one left out of the set, and out of the whole series.
std::optional<Work> judgeMembers(const BisectState& state, const MainSearch& search, Subset& subset) {
  const auto& plan = state.begun().plan;
  subset.minimal = true;
  for (const auto member : subset.members) {
    auto rest = subset.members;
    rest.erase(member);
    const Mix without = simplest(plan, {0, rest, {}});
    const Mix whole = simplest(plan, {plan.size(), {}, {member}});
    for (const auto& mix : {without, whole})
      if (auto work = unsettled(state, search, mix)) return work;
    subset.minimal = subset.minimal && shows(state, search, without) == false;
    if (shows(state, search, whole) == false) subset.necessary.insert(member);
  }
  return std::nullopt;
}

}  // namespace

std::optional<bool> shows(const BisectState& state, const MainSearch& search, const Mix& mix) {
  const double confidence = state.begun().question.confidence;
  const double ratio = search.belief.likelihoodRatio(state.tallyOf(mix));
  if (ratio >= confidence / (1 - confidence)) return true;
  if (ratio <= (1 - confidence) / confidence) return false;
  return std::nullopt;
}

bisect::Costs costsOf(const BisectState& state, const BisectRound& round, const Mix& tree) {
  const auto& plan = state.begun().plan;
  bisect::Costs costs;
  costs.run = runSeconds(state);
  const double build = buildSeconds(state);
  costs.check = build;
  for (const auto& mix : round.kernels)
    costs.build.push_back(
        state.kernel(mix).built ? 0 : build + kObject * (plan.graph ? 0 : objectsBetween(plan, mix, tree)));
  costs.chance = chances(state.evidence(round));
  return costs;
}

MainSearch::MainSearch(const BisectState& state, const Mix& tree)
    : round(roundOf(state.begun().plan, state.begun().question.fixedBy)),
      evidence(state.evidence(round)),
      belief(round.space, evidence, state.begun().question),
      step(bisect::next(round.space, evidence, state.begun().question, costsOf(state, round, tree))) {}

std::vector<Proof> proofsOf(const BisectPlan& plan, const bisect::Question& question, std::size_t culprit) {
  const Mix withoutIt = simplest(plan, {plan.size(), {}, {culprit}});
  const Mix withIt = simplest(plan, {0, {culprit}, {}});
  const std::string less = "the new end without it";
  const std::string more = "the old end with it";
  if (question.fixedBy) return {{withIt, false, more}, {withoutIt, true, less}};
  return {{withoutIt, false, "the bad end without it"}, {withIt, true, "the good end with it"}};
}

Subset subsetOf(const BisectState& state, const MainSearch& search, std::size_t culprit, const Mix& tree) {
  const auto& plan = state.begun().plan;
  const auto& question = state.begun().question;
  Subset subset;
  subset.members = {culprit};
  std::size_t upTo = culprit - 1;
  for (;;) {
    const Mix alone = simplest(plan, {0, subset.members, {}});
    subset.left = unsettled(state, search, alone);
    if (subset.left) return subset;
    const auto suffices = shows(state, search, alone);
    if (suffices == true) {
      subset.suffices = true;
      subset.left = judgeMembers(state, search, subset);
      return subset;
    }
    if (upTo == 0) {
      subset.why = "not even with all patches before them do they show it";
      return subset;
    }
    // The members without all others cannot be tried, or do not show it; with all before them they did.
    auto known = question;
    known.endsKnown = true;
    const auto round = roundOf(plan, upTo, subset.members);
    const auto evidence = state.evidence(round);
    const auto step = bisect::next(round.space, evidence, known, costsOf(state, round, tree));
    if (std::holds_alternative<bisect::Trial>(step)) {
      subset.left = Narrow{round, known};
      return subset;
    }
    const auto* found = std::get_if<bisect::Found>(&step);
    if (found == nullptr) {
      subset.why = "the search for what else it takes came to no answer";
      return subset;
    }
    // Of several it is the last: with it, and all before it, they can be tried and show it.
    subset.members.insert(found->candidates.back());
    upTo = found->candidates.back() - 1;
  }
}

Work workLeft(const BisectState& state, const Mix& tree) {
  const auto& begun = state.begun();
  const MainSearch search(state, tree);
  if (std::holds_alternative<bisect::Trial>(search.step)) return Narrow{search.round, begun.question};
  Course over{endingOf(search.step)};
  const auto* found = std::get_if<bisect::Found>(&search.step);
  if (found == nullptr || found->candidates.size() != 1) return over;
  const auto culprit = found->candidates.front();
  for (const auto& proof : proofsOf(begun.plan, begun.question, culprit))
    if (auto work = unsettled(state, search, proof.mix)) return *work;
  if (begun.subset)
    if (auto work = subsetOf(state, search, culprit, tree).left) return *work;
  return over;
}

}  // namespace relapse::campaign
