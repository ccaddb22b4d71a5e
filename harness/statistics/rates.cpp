// SPDX-License-Identifier: GPL-2.0-or-later
#include "statistics/rates.hpp"

#include <algorithm>

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/hypergeometric.hpp>

namespace relapse::statistics {
namespace {

using Beta = boost::math::beta_distribution<double>;

Beta posterior(Count count) {
  return Beta(count.hits + 1.0, count.tries - count.hits + 1.0);
}

}  // namespace

Interval clopperPearson(Count count, double confidence) {
  Interval interval;
  const double tail = (1 - confidence) / 2;
  const int misses = count.tries - count.hits;
  if (count.hits > 0) interval.low = quantile(Beta(count.hits, misses + 1.0), tail);
  if (misses > 0) interval.high = quantile(Beta(count.hits + 1.0, misses), 1 - tail);
  return interval;
}

double fisher(Count one, Count other) {
  if (one.tries == 0 || other.tries == 0) return 1;
  const int hits = one.hits + other.hits;
  const boost::math::hypergeometric_distribution<double> table(
      static_cast<unsigned>(hits), static_cast<unsigned>(one.tries), static_cast<unsigned>(one.tries + other.tries));
  const double observed = pdf(table, static_cast<double>(one.hits));
  constexpr double kRounding = 1 + 1e-7;  // tables as probable as the observed one count
  double sum = 0;
  for (int k = std::max(0, hits - other.tries); k <= std::min(hits, one.tries); ++k) {
    const double probability = pdf(table, static_cast<double>(k));
    if (probability <= observed * kRounding) sum += probability;
  }
  return std::min(sum, 1.0);
}

double likelyRate(Count count, double q) {
  return quantile(posterior(count), q);
}

double drawnRate(Count count, std::mt19937_64& random) {
  std::gamma_distribution<double> hits(count.hits + 1.0);
  std::gamma_distribution<double> misses(count.tries - count.hits + 1.0);
  const double some = hits(random);
  return some / (some + misses(random));
}

}  // namespace relapse::statistics
