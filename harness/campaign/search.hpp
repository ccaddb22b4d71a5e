// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "campaign/values.hpp"

namespace relapse::campaign {

inline constexpr int kBaselineTries = 3;
inline constexpr int kInconclusiveInARow = 3;  // then a setting is set aside

// Which setting to try next, and which is the best. Setting 0 is the baseline, the scenario as it is; the others come
// in the order in which they are to be tried first (spreadOut()). In three parts: the baseline, three times; a first
// round over some of the others, as many as a third of the tries that are left; then top-two Thompson sampling
// (Russo, Operations Research 68, 2020) over what was tried and the next that was not. While the bug has not come
// anywhere, it goes on to settings that were not tried. The settings share nothing. Pure, but for its own random
// numbers.
class Search {
 public:
  Search(std::size_t settings, std::uint64_t seed);

  // `left`: about as many tries are possible. Nothing: there is no setting left that is worth a try.
  std::optional<std::size_t> next(int left);

  void add(std::size_t setting, const TryResult& result);
  void setAside(std::size_t setting, std::string why);

  // The setting with the highest rate that is likely: the lower quartile of what its tries speak for. The baseline,
  // if its tries showed the bug as often: there is no reason to change it then. Nothing: the bug did not come at all.
  std::optional<std::size_t> best() const;

  const std::vector<SettingRecord>& records() const { return records_; }

 private:
  std::optional<std::size_t> untried() const;
  std::optional<std::size_t> fewestTries() const;
  std::size_t drawBest(const std::vector<std::size_t>& among);
  bool alive(std::size_t setting) const { return !records_[setting].setAside; }

  std::vector<SettingRecord> records_;
  std::vector<int> inconclusiveInARow_;
  std::size_t firstRound_ = 0;  // settings in it; 0: not decided yet
  std::mt19937_64 random_;
};

struct SearchPlan {
  std::vector<Setting> settings;  // the baseline, then the others as Search wants them
  std::chrono::milliseconds budget{0};
  double heldOut = 0.3;  // of the budget, for fresh tries of the best setting and the baseline
  std::uint64_t seed = 1;
};

// A try that has been made.
struct Tried {
  int number = 0;  // from 1
  std::size_t setting = 0;
  bool fresh = false;  // held out
  std::uint64_t seed = 0;
  TryResult result;
};
using TryObserver = std::function<void(const Tried&, const SettingRecord&)>;

struct SearchResult {
  std::vector<SettingRecord> records;  // beside the plan's settings
  std::optional<std::size_t> best;
  Ending ending = Ending::Done;
  std::optional<Failure> failure;  // of Interrupted and Failed
  int tries = 0;
};

// Searches until the budget is spent, without the time that building takes. No try begins that would likely end after
// it. What was found until an interruption or failure is in the result.
SearchResult search(const SearchPlan& plan, const Try& attempt, const Elapsed& elapsed, const TryObserver& observer);

// Each try's seed: 1 to 2^31 - 1, from the campaign's and its number.
std::uint64_t seedOf(std::uint64_t campaign, int number);

}  // namespace relapse::campaign
