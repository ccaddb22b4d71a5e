// SPDX-License-Identifier: GPL-2.0-or-later
#include "statistics/holm.hpp"

#include <algorithm>
#include <numeric>

namespace relapse::statistics {

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return p[i]; });
  std::vector<double> corrected(p.size());
  double least = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    least = std::max(least, p[order[rank]] * static_cast<double>(p.size() - rank));
    corrected[order[rank]] = std::min(least, 1.0);
  }
  return corrected;
}

}  // namespace relapse::statistics
