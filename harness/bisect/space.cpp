// SPDX-License-Identifier: GPL-2.0-or-later
#include "bisect/space.hpp"

#include <bit>

namespace relapse::bisect {

Space Space::graph(const std::vector<std::vector<std::size_t>>& parents) {
  Space space(parents.size());
  space.words_ = parents.size() / 64 + 1;
  space.rows_.assign((parents.size() + 1) * space.words_, 0);
  for (std::size_t kernel = 0; kernel <= parents.size(); ++kernel) {
    std::uint64_t* row = &space.rows_[kernel * space.words_];
    row[0] |= 1;
    if (kernel == 0) continue;
    row[kernel / 64] |= std::uint64_t{1} << (kernel % 64);
    for (const std::size_t parent : parents[kernel - 1])
      for (std::size_t word = 0; word < space.words_; ++word) row[word] |= space.rows_[parent * space.words_ + word];
  }
  return space;
}

bool Space::has(std::size_t kernel, std::size_t candidate) const {
  if (candidate > candidates_) return false;
  if (isLine()) return candidate <= kernel;
  return ((rows_[kernel * words_ + candidate / 64] >> (candidate % 64)) & 1) != 0;
}

std::vector<double> Space::held(const std::vector<double>& weights) const {
  std::vector<double> sums(candidates_ + 1, 0);
  for (std::size_t kernel = 0; kernel <= candidates_; ++kernel) {
    if (isLine()) {
      sums[kernel] = weights[kernel] + (kernel == 0 ? 0 : sums[kernel - 1]);
      continue;
    }
    for (std::size_t word = 0; word < words_; ++word)
      for (std::uint64_t bits = rows_[kernel * words_ + word]; bits != 0; bits &= bits - 1)
        sums[kernel] += weights[word * 64 + static_cast<std::size_t>(std::countr_zero(bits))];
  }
  return sums;
}

}  // namespace relapse::bisect
