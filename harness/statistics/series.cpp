// SPDX-License-Identifier: GPL-2.0-or-later
#include "statistics/series.hpp"

#include <algorithm>
#include <cmath>

#include "statistics/rates.hpp"

namespace relapse::statistics {
namespace {

constexpr int kMostClean = 100'000;

int misses(Count count) {
  return count.tries - count.hits;
}

}  // namespace

Standing standing(const Series& series, Count count) {
  if (series.hits) {
    if (count.hits >= *series.hits) return Standing::Enough;
    if (misses(count) > series.tries - *series.hits) return Standing::TooFew;
  }
  if (series.test && count.tries > 0) {
    const Finding finding = ask(*series.test, count);
    if (finding == Finding::High) return Standing::Enough;
    if (finding == Finding::Low) return Standing::TooFew;
  }
  return count.tries >= series.tries ? Standing::Exhausted : Standing::Open;
}

Interval rateAfter(const Series& series, Count count, double confidence) {
  return clopperPearson(count, series.test ? (1 + confidence) / 2 : confidence);
}

std::optional<int> cleanTries(double rate, double confidence) {
  if (rate >= 1) return 1;
  if (rate <= 0) return std::nullopt;
  const double tries = std::ceil(std::log(1 - confidence) / std::log1p(-rate) - 1e-9);
  if (tries > kMostClean) return std::nullopt;
  return std::max(1, static_cast<int>(tries));
}

}  // namespace relapse::statistics
