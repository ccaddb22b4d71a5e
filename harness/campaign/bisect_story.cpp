// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/bisect_story.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

namespace relapse::campaign {
namespace {

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1000);
}

// So much of a name that it is known again.
std::string shortened(const std::string& name) {
  constexpr std::size_t kMost = 32;
  return name.size() <= kMost ? name : name.substr(0, kMost - 3) + "...";
}

std::string candidateWord(const BisectPlan& plan) {
  return plan.kind == BisectKind::Git ? "commit" : plan.kind == BisectKind::Config ? "option" : "patch";
}

// The end whose tries come to nothing; empty: neither.
std::string endWithoutResult(const BisectState& state, const MainSearch& search) {
  const auto& plan = state.begun().plan;
  for (const std::size_t end : {std::size_t{0}, plan.size()})
    if (bisect::givesNoResult(state.kernel(search.round.kernels[end]).tally)) return nameOf(plan, end);
  return {};
}

struct Told {
  const BisectState& state;

  std::string kernelName(const std::string& key) const {
    return inWords(state.begun().plan, mixOf(key).value_or(Mix{}));
  }
  // The candidates that are likeliest now.
  std::string believed() const {
    const auto& plan = state.begun().plan;
    const MainSearch search(state);
    std::vector<std::pair<double, std::string>> best;
    for (std::size_t number = 0; number <= plan.size() + 1; ++number) {
      std::string name = number > plan.size() ? "none of them" : nameOf(plan, number);
      if (number == 0) name = "older than " + plan.ends.front();
      best.emplace_back(search.belief.posterior(number), std::move(name));
    }
    std::ranges::stable_sort(best, std::greater{}, &std::pair<double, std::string>::first);
    std::string text;
    for (std::size_t i = 0; i < std::min<std::size_t>(2, best.size()) && best[i].first >= 0.01; ++i)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", shortened(best[i].second), percent(best[i].first));
    return text;
  }

  std::string operator()(const BisectBegun& begun) const {
    return fmt::format(
        "{}: {} candidates between {} and {}; which one {} {}?", begun.scenario, begun.plan.size(),
        begun.plan.ends.front(), begun.plan.ends.back(), begun.question.fixedBy ? "took away" : "brought",
        begun.target.empty() ? (begun.learn ? "what comes at the end with the bug" : "the bug") : begun.target);
  }
  std::string operator()(const TargetLearnt& learnt) const { return "the bug is " + learnt.signature; }
  std::string operator()(const KernelBuilt& built) const {
    std::string same;
    for (const auto& [key, kernel] : state.kernels())
      if (key != built.kernel && kernel.sum == built.sum && same.empty())
        same = fmt::format("; it is the same binary as {}", kernelName(key));
    return fmt::format("{}: {} {}{}", kernelName(built.kernel), built.fromCache ? "was in the cache," : "was built in",
                       seconds(built.took), same);
  }
  std::string operator()(const KernelSkipped& skipped) const {
    return fmt::format("{}: skipped: {}", kernelName(skipped.kernel), skipped.why.substr(0, skipped.why.find('\n')));
  }
  std::string operator()(const TryStarted&) const { return {}; }
  std::string operator()(const TryEnded& ended) const {
    const std::string what = ended.saw == bisect::Saw::Inconclusive ? ended.reason : ended.signature;
    return fmt::format("run {}: {}: {} in {}{}{}\n  believed now: {}", ended.number, kernelName(ended.kernel),
                       word(ended.saw), seconds(ended.took), what.empty() ? "" : ", ", what.substr(0, what.find('\n')),
                       believed());
  }
  std::string operator()(const BisectResumed& resumed) const { return "gone on with at " + resumed.at; }
  std::string operator()(const BisectEnded&) const {
    const MainSearch search(state);
    const auto& ended = state.ended();
    return ended ? resultInWords(state, search, ended->ending) : std::string();
  }
};

}  // namespace

std::string percent(double share) {
  const double percent = 100 * share;
  return percent > 99 && percent < 100 ? fmt::format("{:.1f} %", std::min(percent, 99.9))
                                       : fmt::format("{:.0f} %", percent);
}

std::string nameOf(const BisectPlan& plan, std::size_t number) {
  return number == 0 ? plan.ends.front() : plan.candidate(number).name;
}

std::string resultInWords(const BisectState& state, const MainSearch& search, const std::string& ending) {
  const auto& begun = state.begun();
  const std::string what = candidateWord(begun.plan);
  const auto best = bisect::groups(search.round.space, search.evidence, search.belief).front();
  if (ending == "found" && best.candidates.size() == 1)
    return fmt::format("{} is the {} that {} (posterior {})", begun.plan.candidate(best.candidates.front()).name, what,
                       begun.question.fixedBy ? "took the bug away" : "brought the bug", percent(best.posterior));
  if (ending == "found")
    return fmt::format("one of {} {}s that no kernel that can be tried tells apart {} (posterior {} together)",
                       best.candidates.size(), what, begun.question.fixedBy ? "took the bug away" : "brought the bug",
                       percent(best.posterior));
  if (ending == "good-end-bad")
    return fmt::format("{} shows the bug already: the search needs an end without it",
                       begun.question.fixedBy ? begun.plan.ends.back() : begun.plan.ends.front());
  if (ending == "bad-end-good")
    return fmt::format("{} does not show the bug: the search needs an end with it",
                       begun.question.fixedBy ? begun.plan.ends.front() : begun.plan.ends.back());
  if (const std::string name = endWithoutResult(state, search); !name.empty())
    return fmt::format("the tries of {} come to no result: the search cannot stand on it", name);
  return "no answer yet";
}

std::string storyOf(const BisectEvent& event, const BisectState& state) {
  return std::visit(Told{state}, event);
}

std::vector<std::string> storyOf(const std::vector<BisectEvent>& events) {
  std::vector<std::string> lines;
  BisectState state({events.front()});
  for (const auto& event : events) {
    state.apply(event);
    if (auto line = storyOf(event, state); !line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace relapse::campaign
