// SPDX-License-Identifier: GPL-2.0-or-later
#include "statistics/sequential.hpp"

#include <algorithm>
#include <cmath>

namespace relapse::statistics {

Finding ask(const Question& question, Count count) {
  const double high = std::clamp(question.high, 0.02, 0.95);
  const double low = std::clamp(question.low, 0.01, high / 1.1);
  const double hit = std::log(high / low);
  const double miss = std::log((1 - high) / (1 - low));
  const double evidence = count.hits * hit + (count.tries - count.hits) * miss;
  if (evidence >= std::log((1 - question.falseLow) / question.falseHigh)) return Finding::High;
  if (evidence <= std::log(question.falseLow / (1 - question.falseHigh))) return Finding::Low;
  return Finding::Open;
}

}  // namespace relapse::statistics
