// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>

#include "statistics/sequential.hpp"
#include "statistics/values.hpp"

namespace relapse::statistics {

// Tries one after the other, and when they are enough. A try hits or misses; one without a result is no try.
struct Series {
  int tries = 1;                      // at most so many
  std::optional<int> hits = {};       // enough hits: over when they are there, or can no more be had within `tries`
  std::optional<Question> test = {};  // over when Wald's test has its answer
};

enum class Standing {
  Open,
  Enough,     // the hits are there, or the test says High
  TooFew,     // the hits can no more be had, or the test says Low
  Exhausted,  // all tries are made: without `hits` or `test` that is the end; with `test` it has no answer
};

// Asked after each try, in the order of the tries: the first that is not Open ends the series. Pure, as all here.
Standing standing(const Series& series, Count count);

// The rates that the tries of a series speak for: hold the true rate in at least `confidence` of all cases, however the
// series ended (tests/statistics sums that up over all its ends). Clopper's and Pearson's, which are wide enough where
// hits ended it; where Wald's test may have, with half of the error left.
Interval rateAfter(const Series& series, Count count, double confidence = 0.95);

// So many tries without a hit make it that improbable (1 - confidence) that the rate is still `rate` or more: the
// least n with (1 - rate)^n <= 1 - confidence. Nothing: there is no such number below 100,000.
std::optional<int> cleanTries(double rate, double confidence = 0.95);

}  // namespace relapse::statistics
