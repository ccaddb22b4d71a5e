// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

namespace relapse::statistics {

// How long it took to an event, or, without one, how long it was waited for in vain (censored). Any unit, not below 0.
struct Lifetime {
  double time = 0;
  bool event = true;
};

struct LogRank {
  double observed = 0;    // events of the first group
  double expected = 0;    // and how many it would have if both were alike
  double variance = 0;    // of their difference, hypergeometric (Mantel)
  double chiSquared = 0;  // with one degree of freedom; 0: nothing can be told
  double p = 1;           // see below
  double least = 0;       // no split of these times has a smaller p; 0: not known
};

// Whether two groups' times to an event differ: the log-rank test (Mantel, Cancer Chemotherapy Reports 50, 1966).
// p is that of the permutation test on its statistic and not chi-squared's, which promises too much when there are
// few runs or few events: exact when there are few ways to split the runs, else from splits drawn by a fixed seed, so
// that the same times give the same p. It holds if both groups are watched for equally long. Pure.
LogRank logRank(const std::vector<Lifetime>& one, const std::vector<Lifetime>& other);

}  // namespace relapse::statistics
