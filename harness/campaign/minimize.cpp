// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/minimize.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "campaign/reductions.hpp"
#include "campaign/search.hpp"
#include "document/write.hpp"
#include "statistics/rates.hpp"
#include "statistics/sequential.hpp"

namespace relapse::campaign {
namespace {

using statistics::Count;
using std::chrono::milliseconds;

constexpr int kSure = 3;           // tries of the original: that often without a miss, and the bug comes each time
constexpr int kMostOriginal = 12;  // else so many
constexpr int kMostOfOne = 30;     // of one reduction; then it is not taken
constexpr int kFresh = 3;
constexpr int kMostFresh = 20;
constexpr double kTried = 0.85;  // of the budget, when the fresh tries have to begin

bool isMixed(Count count) {
  return count.hits > 0 && count.hits < count.tries;
}

// Does the bug still come, at half of its rate or more? That rate is known from a few tries only, which is why a
// cautious guess of it stands for it.
statistics::Question questionFor(Count original, bool flaky) {
  if (!flaky) return {1, 0.5, 0.25, 0.1};
  const double rate = statistics::likelyRate(original, 0.25);
  return {rate, rate / 2, 0.25, 0.05};
}

class Conducted {
 public:
  Conducted(const MinimizePlan& plan, const Loads& loads, const Try& attempt, const Elapsed& elapsed,
            const MinimizeTryObserver& tried, const ReductionObserver& observer)
      : plan_(plan), loads_(loads), attempt_(attempt), elapsed_(elapsed), tried_(tried), observer_(observer) {
    result_.scenario = plan.scenario;
  }

  MinimizeResult run();

 private:
  void tryOriginal();
  bool pass();
  void consider(const Reduction& reduction, ReductionRecord& record);
  void tryFresh();
  bool stopped() const { return failure_.has_value() || late_; }
  bool fits(double share);
  std::optional<TryResult> attempt(const Candidate& candidate);
  bool isTheBug(const TryResult& result) const {
    return result.outcome == Outcome::Reproduced && result_.signatures.contains(result.signature);
  }

  const MinimizePlan& plan_;
  const Loads& loads_;
  const Try& attempt_;
  const Elapsed& elapsed_;
  const MinimizeTryObserver& tried_;
  const ReductionObserver& observer_;
  MinimizeResult result_;
  std::set<std::string> rejected_;  // texts
  milliseconds building_{0};
  milliseconds trying_{0};
  std::optional<Failure> failure_;
  bool late_ = false;
  bool flaky_ = false;  // the bug came and did not come at one scenario
};

bool Conducted::fits(double share) {
  const auto typical = result_.tries == 0 ? milliseconds(0) : trying_ / result_.tries;
  const auto until = std::chrono::duration_cast<milliseconds>(plan_.budget * share);
  return result_.tries == 0 || elapsed_() - building_ + typical <= until;
}

// Nothing: a failure, which is in failure_ unless it speaks against the candidate alone.
std::optional<TryResult> Conducted::attempt(const Candidate& candidate) {
  const auto seed = seedOf(plan_.seed, result_.tries + 1);
  auto result = attempt_(candidate, seed);
  if (!result) {
    if (result.error().kind != FailureKind::BadInput || result_.original.tries == 0) failure_ = result.error();
    return std::nullopt;
  }
  ++result_.tries;
  building_ += result->building;
  trying_ += result->time - result->building;
  if (tried_) tried_(candidate.label, seed, *result);
  return *result;
}

void Conducted::tryOriginal() {
  const Candidate original{"the scenario as it is", document::write(plan_.scenario)};
  auto& count = result_.original;
  std::string why;
  int inconclusive = 0;
  while (count.tries < kMostOriginal && inconclusive < kInconclusiveInARow && fits(kTried)) {
    if (count.hits == count.tries && count.tries == kSure) return;
    const auto result = attempt(original);
    if (!result) return;
    inconclusive = result->outcome == Outcome::Inconclusive ? inconclusive + 1 : 0;
    why = result->reason;
    if (inconclusive > 0) continue;
    if (result->outcome == Outcome::Reproduced) result_.signatures.insert(result->signature);
    count += {result->outcome == Outcome::Reproduced ? 1 : 0, 1};
  }
  if (count.hits > 0) return;
  const auto reason = count.tries > 0
                          ? fmt::format("the bug did not come in {} tries of the scenario as it is", count.tries)
                          : fmt::format("no try of the scenario as it is came to a verdict: {}", why);
  failure_ = Failure{FailureKind::Exhausted, reason};
}

void Conducted::consider(const Reduction& reduction, ReductionRecord& record) {
  const auto question = questionFor(result_.original, flaky_);
  const Candidate candidate{reduction.story, document::write(reduction.tree)};
  auto finding = statistics::Finding::Open;
  int inconclusive = 0;
  std::string reason;  // of the inconclusive try before
  while (finding == statistics::Finding::Open && record.why.empty()) {
    if (!fits(kTried)) {
      late_ = true;
      record.why = "the budget was spent";
      return;
    }
    const auto result = attempt(candidate);
    if (!result) {
      record.why = failure_ ? "broken off" : "it cannot be run";
    } else if (result->outcome == Outcome::Inconclusive) {
      const bool again = ++inconclusive > 1 && result->reason == reason;  // a third try would say so, too
      reason = result->reason;
      if (again || inconclusive >= kInconclusiveInARow) record.why = "inconclusive: " + reason;
    } else {
      inconclusive = 0;
      record.count += {isTheBug(*result) ? 1 : 0, 1};
      finding = statistics::ask(question, record.count);
      if (finding == statistics::Finding::Open && record.count.tries >= kMostOfOne)
        record.why = "the tries do not tell";
    }
  }
  flaky_ = flaky_ || isMixed(record.count);
  record.taken = finding == statistics::Finding::High;
}

// One time through all that can be taken out; whether something was. What is taken changes the list: it goes on at the
// same place of the new one.
bool Conducted::pass() {
  bool any = false;
  auto list = reductions(result_.scenario);
  for (std::size_t i = 0; i < list.size() && !stopped();) {
    const auto text = document::write(list[i].tree);
    if (rejected_.contains(text)) {
      ++i;
      continue;
    }
    if (!loads_(text)) {
      rejected_.insert(text);
      ++result_.refused;
      ++i;
      continue;
    }
    ReductionRecord record{list[i].story, {}, false, {}};
    consider(list[i], record);
    result_.steps.push_back(record);
    if (observer_) observer_(record);
    if (!record.taken) {
      rejected_.insert(text);
      ++i;
      continue;
    }
    any = true;
    result_.scenario = list[i].tree;
    list = reductions(result_.scenario);
  }
  return any;
}

void Conducted::tryFresh() {
  const double rate = result_.original.rate();
  const int wanted = std::clamp(static_cast<int>(std::ceil(kFresh / rate)), kFresh, kMostFresh);
  const Candidate candidate{"the minimized scenario", document::write(result_.scenario)};
  int inconclusive = 0;
  while (result_.fresh.tries < wanted && inconclusive < kInconclusiveInARow && !failure_) {
    if (result_.fresh.tries >= kFresh && !fits(1)) return;
    const auto result = attempt(candidate);
    if (!result) return;
    inconclusive = result->outcome == Outcome::Inconclusive ? inconclusive + 1 : 0;
    if (inconclusive == 0) result_.fresh += {isTheBug(*result) ? 1 : 0, 1};
  }
}

MinimizeResult Conducted::run() {
  tryOriginal();
  flaky_ = isMixed(result_.original);
  while (!stopped() && pass()) {
  }
  if (!stopped() && flaky_) {  // chance may have spoken against some: once more, all of them
    rejected_.clear();
    while (!stopped() && pass()) {
    }
  }
  result_.complete = !stopped();
  if (!failure_) tryFresh();
  if (late_) result_.ending = Ending::BudgetSpent;
  if (failure_) result_.ending = failure_->kind == FailureKind::Cancelled ? Ending::Interrupted : Ending::Failed;
  result_.failure = failure_;
  return std::move(result_);
}

}  // namespace

MinimizeResult minimize(const MinimizePlan& plan, const Loads& loads, const Try& attempt, const Elapsed& elapsed,
                        const MinimizeTryObserver& tried, const ReductionObserver& observer) {
  return Conducted(plan, loads, attempt, elapsed, tried, observer).run();
}

}  // namespace relapse::campaign
