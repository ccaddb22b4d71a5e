// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/survival.hpp"

#include <algorithm>

namespace relapse::report {
namespace {

double secondsOf(std::chrono::milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

SurvivalCurve timeToEvent(const Rate& rate) {
  struct End {
    double seconds;
    bool censored;
    auto operator<=>(const End&) const = default;
  };
  std::vector<End> ends;
  for (const auto time : rate.toEvent) ends.push_back({secondsOf(time), false});
  for (const auto time : rate.without) ends.push_back({secondsOf(time), true});
  std::ranges::sort(ends, {}, [](const End& end) { return std::pair(end.seconds, end.censored); });

  SurvivalCurve curve{.steps = {{0, 1}}};
  double without = 1;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const double atRisk = static_cast<double>(ends.size() - i);
    if (ends[i].censored) {
      curve.censored.push_back({ends[i].seconds, without});
      continue;
    }
    without *= 1 - 1 / atRisk;  // one by one is the same as several at once
    if (curve.steps.back().seconds == ends[i].seconds && curve.steps.size() > 1)
      curve.steps.back().without = without;
    else
      curve.steps.push_back({ends[i].seconds, without});
  }
  if (!ends.empty()) curve.end = ends.back().seconds;
  return curve;
}

}  // namespace relapse::report
