// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <random>

#include "statistics/values.hpp"

namespace relapse::statistics {

// The rates that `count` speaks for, after Clopper and Pearson (Biometrika 26, 1934): holds the true rate in at least
// `confidence` of all cases, whatever it is. Without a try: 0 to 1. Pure, as all here.
Interval clopperPearson(Count count, double confidence = 0.95);

// How probable a difference as great as this one, or greater, is if both have the same rate: Fisher's exact test,
// two-sided. 1 when either has no try.
double fisher(Count one, Count other);

// The rate as it may be after `count`, if any was as likely before (Beta(hits + 1, misses + 1)): the value that it is
// below with probability `quantile`, and one drawn at random.
double likelyRate(Count count, double quantile);
double drawnRate(Count count, std::mt19937_64& random);

}  // namespace relapse::statistics
