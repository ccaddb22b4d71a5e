// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/bisect_state.hpp"

#include <algorithm>
#include <utility>

#include "bisect/search.hpp"

namespace relapse::campaign {
namespace {

struct Applied {
  std::string& target;
  std::map<std::string, KernelState>& kernels;
  std::map<int, TryStarted>& underWay;
  int& lastTry;
  std::optional<BisectEnded>& ended;

  void operator()(const BisectBegun&) const {}
  void operator()(const TargetLearnt& learnt) const { target = learnt.signature; }
  void operator()(const KernelBuilt& built) const {
    auto& kernel = kernels[built.kernel];
    kernel.built = true;
    kernel.sum = built.sum;
    kernel.release = built.release;
  }
  void operator()(const KernelSkipped& skipped) const { kernels[skipped.kernel].skipped = skipped.why; }
  void operator()(const TryStarted& started) const {
    underWay[started.number] = started;
    lastTry = std::max(lastTry, started.number);
  }
  void operator()(const TryEnded& tried) const {
    underWay.erase(tried.number);
    lastTry = std::max(lastTry, tried.number);
    auto& kernel = kernels[tried.kernel];
    bisect::add(kernel.tally, tried.saw);
    if (!tried.settles) bisect::add(kernel.searched, tried.saw);
    kernel.tries.push_back(tried);
  }
  void operator()(const BisectResumed&) const { underWay.clear(); }
  void operator()(const BisectEnded& end) const { ended = end; }
};

}  // namespace

BisectRound roundOf(const BisectPlan& plan, bool fixedBy) {
  BisectRound round{spaceOf(plan), {}, {Mix{}}};
  for (std::size_t number = 0; number <= plan.size(); ++number) round.kernels.push_back(simplest(plan, {number}));
  for (std::size_t number = 1; number <= plan.size(); ++number)
    round.checks.push_back(simplest(plan, fixedBy ? Mix{0, {number}, {}} : Mix{plan.size(), {}, {number}}));
  return round;
}

BisectRound roundOf(const BisectPlan& plan, std::size_t upTo, const std::set<std::size_t>& fixed) {
  BisectRound round{bisect::Space::line(upTo), {}, {Mix{}}};
  for (std::size_t number = 0; number <= upTo; ++number) round.kernels.push_back(simplest(plan, {number, fixed, {}}));
  for (std::size_t number = 1; number <= upTo; ++number)
    round.checks.push_back(simplest(plan, {upTo, fixed, {number}}));
  return round;
}

BisectState::BisectState(const std::vector<BisectEvent>& events) {
  begun_ = std::get<BisectBegun>(events.front());
  target_ = begun_.target;
  for (const auto& event : events) apply(event);
}

void BisectState::apply(const BisectEvent& event) {
  if (const auto* tried = std::get_if<TryEnded>(&event)) session_ = std::max(session_, tried->elapsed);
  if (const auto* end = std::get_if<BisectEnded>(&event)) session_ = end->took;
  if (std::holds_alternative<BisectResumed>(event)) spent_ += std::exchange(session_, std::chrono::milliseconds(0));
  if (const auto* built = std::get_if<KernelBuilt>(&event)) {
    source_ = built->source;
    if (!built->fromCache && std::exchange(builtOne_, true)) builds_.push_back(built->took);
  }
  std::visit(Applied{target_, kernels_, underWay_, lastTry_, ended_}, event);
}

const KernelState& BisectState::kernel(const Mix& mix) const {
  static const KernelState kNothing;
  const auto found = kernels_.find(keyOf(mix));
  return found == kernels_.end() ? kNothing : found->second;
}

bisect::Tally BisectState::tallyOf(const Mix& mix) const {
  const auto& mine = kernel(mix);
  if (mine.sum.empty()) return mine.tally;
  bisect::Tally tally;
  for (const auto& [key, other] : kernels_)
    if (other.sum == mine.sum) bisect::add(tally, other.tally);
  return tally;
}

bisect::Evidence BisectState::evidence(const BisectRound& round) const {
  bisect::Evidence evidence(round.kernels.size() - 1);
  std::map<std::string, std::size_t> sums;
  std::set<Mix> tried;
  for (std::size_t number = 0; number < round.kernels.size(); ++number) {
    const auto& kernel = this->kernel(round.kernels[number]);
    tried.insert(round.kernels[number]);
    evidence.tallies[number] = kernel.tally;
    evidence.untestable[number] = !kernel.skipped.empty();
    if (kernel.sum.empty()) continue;
    const auto [first, fresh] = sums.emplace(kernel.sum, number);
    if (!fresh) evidence.same(number, first->second);
  }
  for (std::size_t number = 1; number < round.checks.size(); ++number) {
    const auto& kernel = this->kernel(round.checks[number]);
    // A kernel that the search has, too, says what it says there.
    evidence.uncheckable[number] =
        !kernel.skipped.empty() || bisect::givesNoResult(kernel.tally) || tried.contains(round.checks[number]);
    // What settled a question about it, say whether it is needed beside the culprit, is no answer to the search.
    if (!evidence.uncheckable[number] && (kernel.built || kernel.searched != bisect::Tally{}))
      evidence.checks[number] = kernel.searched;
  }
  return evidence;
}

}  // namespace relapse::campaign
