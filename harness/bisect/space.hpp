// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace relapse::bisect {

// Which candidates a kernel holds.
class Space {
 public:
  // Kernel k holds candidates 1 to k.
  static Space line(std::size_t candidates) { return Space(candidates); }

  // Kernel k holds k, what its parents hold, and nothing else. parents[k - 1]: of candidate k, as numbers; each is
  // smaller than k. None: it stands on kernel 0.
  static Space graph(const std::vector<std::vector<std::size_t>>& parents);

  std::size_t size() const { return candidates_; }
  bool isLine() const { return rows_.empty(); }
  // Candidate 0: the bug is older than kernel 0, all hold it; n + 1: none holds it.
  bool has(std::size_t kernel, std::size_t candidate) const;

  // For each kernel, the sum of the weights (by candidate, 0 to n + 1) that it holds.
  std::vector<double> held(const std::vector<double>& weights) const;

 private:
  explicit Space(std::size_t candidates) : candidates_(candidates) {}

  std::size_t candidates_;
  std::size_t words_ = 0;            // of a row
  std::vector<std::uint64_t> rows_;  // a bit a candidate, from 0; empty: a line
};

}  // namespace relapse::bisect
