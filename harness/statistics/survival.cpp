// SPDX-License-Identifier: GPL-2.0-or-later
#include "statistics/survival.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

namespace relapse::statistics {
namespace {

constexpr double kMostSplits = 200'000;  // that are all looked at
constexpr int kDrawnSplits = 20'000;     // where there are more
constexpr double kRounding = 1e-9;       // splits as far out as the observed one count

struct Subject {
  Lifetime life;
  bool first = false;
};

std::vector<Subject> merged(const std::vector<Lifetime>& one, const std::vector<Lifetime>& other) {
  std::vector<Subject> all;
  for (const auto& life : one) all.push_back({life, true});
  for (const auto& life : other) all.push_back({life, false});
  std::ranges::stable_sort(all, {}, [](const Subject& subject) { return subject.life.time; });
  return all;
}

// Fills `result`, and gives what each subject adds to observed - expected when it is in the first group: its event,
// less the hazard that was summed up until its time.
std::vector<double> scores(const std::vector<Subject>& all, LogRank& result) {
  std::vector<double> scores;
  double hazard = 0;
  auto firstLeft = static_cast<double>(std::ranges::count(all, true, &Subject::first));
  for (std::size_t at = 0; at < all.size();) {
    std::size_t end = at;
    double events = 0;
    double firstEnds = 0;
    for (; end < all.size() && all[end].life.time == all[at].life.time; ++end) {
      events += all[end].life.event ? 1 : 0;
      firstEnds += all[end].first ? 1 : 0;
      result.observed += all[end].first && all[end].life.event ? 1 : 0;
    }
    const auto left = static_cast<double>(all.size() - at);
    const double share = firstLeft / left;
    hazard += events / left;
    result.expected += events * share;
    if (left > 1) result.variance += events * share * (1 - share) * (left - events) / (left - 1);
    for (; at < end; ++at) scores.push_back((all[at].life.event ? 1 : 0) - hazard);
    firstLeft -= firstEnds;
  }
  return scores;
}

double ways(std::size_t all, std::size_t chosen) {
  double ways = 1;
  for (std::size_t i = 1; i <= std::min(chosen, all - chosen); ++i)
    ways *= static_cast<double>(all - i + 1) / static_cast<double>(i);
  return ways;
}

// Over all ways to choose `left` of the scores from `at` on: how many come as far out as `limit`.
double countFarOut(const std::vector<double>& scores, std::size_t at, std::size_t left, double sum, double limit) {
  if (left == 0) return std::abs(sum) >= limit ? 1 : 0;
  double count = 0;
  for (std::size_t i = at; i + left <= scores.size(); ++i)
    count += countFarOut(scores, i + 1, left - 1, sum + scores[i], limit);
  return count;
}

// How far out a choice of so many can come.
double farthest(std::vector<double> scores, std::size_t chosen) {
  std::ranges::sort(scores);
  const auto few = static_cast<std::ptrdiff_t>(chosen);
  const double low = std::accumulate(scores.begin(), scores.begin() + few, 0.0);
  const double high = std::accumulate(scores.end() - few, scores.end(), 0.0);
  return std::max(std::abs(low), std::abs(high));
}

double drawnP(std::vector<double> scores, std::size_t first, double limit) {
  std::mt19937_64 random(1);
  int farOut = 1;  // the observed split is one of them
  for (int draw = 0; draw < kDrawnSplits; ++draw) {
    double sum = 0;
    for (std::size_t i = 0; i < first; ++i) {
      const auto other = i + static_cast<std::size_t>(random() % (scores.size() - i));
      std::swap(scores[i], scores[other]);
      sum += scores[i];
    }
    if (std::abs(sum) >= limit) ++farOut;
  }
  return farOut / (kDrawnSplits + 1.0);
}

}  // namespace

LogRank logRank(const std::vector<Lifetime>& one, const std::vector<Lifetime>& other) {
  LogRank result;
  const auto each = scores(merged(one, other), result);
  if (one.empty() || other.empty() || result.variance <= 0) return result;
  const double difference = result.observed - result.expected;
  result.chiSquared = difference * difference / result.variance;
  const double limit = std::abs(difference) - kRounding;
  const auto chosen = std::min(one.size(), other.size());  // the scores sum to 0: either group tells as much
  const double splits = ways(each.size(), chosen);
  if (splits > kMostSplits) {
    result.p = drawnP(each, chosen, limit);
    return result;
  }
  result.p = countFarOut(each, 0, chosen, 0, limit) / splits;
  result.least = countFarOut(each, 0, chosen, 0, farthest(each, chosen) - kRounding) / splits;
  return result;
}

}  // namespace relapse::statistics
