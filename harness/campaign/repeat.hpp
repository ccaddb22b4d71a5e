// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "campaign/values.hpp"
#include "failure/values.hpp"
#include "scenario/values.hpp"
#include "statistics/series.hpp"

namespace relapse::campaign {

// A scenario's `repeat` as a series: a run hits when the expectation held. Pure, as all here but repeat().
statistics::Series seriesOf(const scenario::Repeat& repeat);

// The runs of a series, several of which may be under way at once. Their numbers count from 1 in the order of their
// starts, and that is the order in which they count: a run that shows the bug is over sooner than one that does not,
// so the first results to come in would tell of a bug that comes more often than it does.
class Series {
 public:
  explicit Series(statistics::Series rule) : rule_(rule) {}

  // The run to start next. Nothing: those that are under way may decide it, or it is over.
  std::optional<int> next();

  // One without a verdict is no run: another one takes its place, until there were too many of them. Where one run is
  // asked for, there is one.
  void add(int number, TryResult result);

  statistics::Standing standing() const { return standing_; }
  bool over() const;
  bool tooManyInconclusive() const;

  // Of those that count: all up to the one that decided.
  const statistics::Count& held() const { return held_; }
  const statistics::Count& bug() const { return bug_; }
  int inconclusive() const { return inconclusive_; }
  const std::map<int, TryResult>& results() const { return results_; }  // all that came in, by number
  const statistics::Series& rule() const { return rule_; }

 private:
  void count();

  statistics::Series rule_;
  statistics::Standing standing_ = statistics::Standing::Open;
  statistics::Count held_;
  statistics::Count bug_;
  int inconclusive_ = 0;
  int started_ = 0;
  int counted_ = 0;  // all up to this number
  std::map<int, TryResult> results_;
};

// What runs them: in this process one after the other, or as jobs of an engine.
struct Runner {
  struct Ended {
    int number = 0;
    TryResult result;
  };
  std::size_t room = 1;                                                // so many at once
  std::function<Result<void>(const std::vector<int>& numbers)> start;  // never none
  std::function<Result<Ended>()> next;                                 // waits for the next end
  std::function<void(const Ended&)> observe = {};                      // told of each, in the order of their ends
};

// Starts and awaits runs until the series is over. What runs then is left to the runner to end. The first failure that
// no verdict can hold ends it, too.
Result<void> repeat(Series& series, const Runner& runner);

// "reproduced 7/10 (35-93 %, 95 %); to claim it fixed at 95 %: 8 clean runs", and how the series ended. `expected` is
// whether the bug was.
std::string sentence(const Series& series, bool bugExpected);

// "3.2 s (2.1 to 5.0 s)": the median of the times and their ends; empty without one.
std::string timesInWords(std::vector<std::chrono::milliseconds> times);

}  // namespace relapse::campaign
