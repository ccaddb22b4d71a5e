// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "campaign/search.hpp"

namespace relapse::campaign {
namespace {

using std::chrono::milliseconds;

constexpr int kEnough = 10;  // tries of a setting that all showed the bug: there is nothing left to gain
constexpr int kMostFresh = 20;

// One search under way: its tries and its time.
class Conducted {
 public:
  Conducted(const SearchPlan& plan, const Try& attempt, const Elapsed& elapsed, const TryObserver& observer)
      : plan_(plan),
        attempt_(attempt),
        elapsed_(elapsed),
        observer_(observer),
        search_(plan.settings.size(), seedOf(plan.seed, 0)) {}

  SearchResult run();

 private:
  void lookForBest(milliseconds until);
  void holdOut(std::size_t best);
  bool fits(milliseconds until) const { return tries_ == 0 || spent() + typical() <= until; }
  milliseconds spent() const { return elapsed_() - building_; }
  milliseconds typical() const { return tries_ == 0 ? milliseconds(0) : trying_ / tries_; }
  int left(milliseconds until) const;
  bool nothingToGain() const;
  std::optional<TryResult> attempt(std::size_t setting, bool fresh);
  std::optional<TryResult> failed(std::size_t setting, const Failure& failure);

  const SearchPlan& plan_;
  const Try& attempt_;
  const Elapsed& elapsed_;
  const TryObserver& observer_;
  Search search_;
  std::vector<statistics::Count> fresh_;
  milliseconds building_{0};
  milliseconds trying_{0};
  int tries_ = 0;
  std::optional<Failure> failure_;
  bool budgetSpent_ = false;
};

int Conducted::left(milliseconds until) const {
  return typical().count() == 0 ? 0 : static_cast<int>((until - spent()) / typical());
}

bool Conducted::nothingToGain() const {
  const auto& records = search_.records();
  return std::any_of(records.begin(), records.end(), [](const auto& record) {
    return record.count.hits == record.count.tries && record.count.tries >= kEnough;
  });
}

// BadInput speaks against a setting, but against all of them when it is the scenario as it is.
std::optional<TryResult> Conducted::failed(std::size_t setting, const Failure& failure) {
  if (failure.kind == FailureKind::BadInput && setting != 0) {
    search_.setAside(setting, failure.message);
  } else {
    failure_ = failure;
  }
  return std::nullopt;
}

std::optional<TryResult> Conducted::attempt(std::size_t setting, bool fresh) {
  Tried tried{tries_ + 1, setting, fresh, seedOf(plan_.seed, tries_ + 1), {}};
  auto result = attempt_(plan_.settings[setting].candidate, tried.seed);
  if (!result) return failed(setting, result.error());
  ++tries_;
  building_ += result->building;
  trying_ += result->time - result->building;
  tried.result = *result;
  if (!fresh) search_.add(setting, *result);
  if (fresh && result->outcome != Outcome::Inconclusive)
    fresh_[setting] += {result->outcome == Outcome::Reproduced ? 1 : 0, 1};
  SettingRecord record = search_.records()[setting];
  record.fresh = fresh_[setting];
  if (observer_) observer_(tried, record);
  return *result;
}

void Conducted::lookForBest(milliseconds until) {
  while (!failure_ && !nothingToGain()) {
    if (!fits(until)) {
      budgetSpent_ = true;
      return;
    }
    const auto setting = search_.next(left(until));
    if (!setting) return;
    attempt(*setting, false);
  }
}

// The best one is the best in part by luck: tries that did not choose it tell its rate. In turn with the baseline.
void Conducted::holdOut(std::size_t best) {
  int inconclusive = 0;
  for (int turn = 0; !failure_ && fits(plan_.budget) && inconclusive < kInconclusiveInARow; ++turn) {
    const bool baseline = best != 0 && turn % 2 == 1 && !search_.records()[0].setAside;
    const std::size_t setting = baseline ? 0 : best;
    if (fresh_[setting].tries >= kMostFresh) return;
    const auto result = attempt(setting, true);
    if (!result && !failure_) return;
    inconclusive = result && result->outcome == Outcome::Inconclusive ? inconclusive + 1 : 0;
  }
}

SearchResult Conducted::run() {
  fresh_.resize(plan_.settings.size());
  const auto forSearch = std::chrono::duration_cast<milliseconds>(plan_.budget * (1 - plan_.heldOut));
  lookForBest(forSearch);
  SearchResult result;
  result.best = search_.best();
  if (result.best) holdOut(*result.best);
  result.records = search_.records();
  for (std::size_t i = 0; i < fresh_.size(); ++i) result.records[i].fresh = fresh_[i];
  result.tries = tries_;
  result.failure = failure_;
  if (budgetSpent_) result.ending = Ending::BudgetSpent;
  if (failure_) result.ending = failure_->kind == FailureKind::Cancelled ? Ending::Interrupted : Ending::Failed;
  return result;
}

}  // namespace

SearchResult search(const SearchPlan& plan, const Try& attempt, const Elapsed& elapsed, const TryObserver& observer) {
  return Conducted(plan, attempt, elapsed, observer).run();
}

}  // namespace relapse::campaign
