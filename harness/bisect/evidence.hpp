// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "bisect/values.hpp"

namespace relapse::bisect {

void add(Tally& tally, Saw saw);
void add(Tally& tally, const Tally& other);

// All that is known.
struct Evidence {
  explicit Evidence(std::size_t candidates);

  std::vector<Tally> tallies;       // by kernel, 0 to n
  std::vector<bool> untestable;     // it does not build, or a patch does not apply
  std::vector<std::size_t> sameAs;  // the first kernel that is the same binary; else itself

  // Of the end with the bug, but without this candidate (fixedBy: with it alone): it does not show the bug if and only
  // if the candidate is it. An entry without a try: that kernel is there.
  std::map<std::size_t, Tally> checks;
  std::vector<bool> uncheckable;  // by candidate, 0 to n: there is no such kernel

  void add(Trial trial, Saw saw);  // a try of a kernel is one of all that are the same
  const Tally& of(std::size_t kernel) const { return tallies[sameAs[kernel]]; }
  bool tried(std::size_t kernel) const;
  // From now on `kernel` is `first`: what was tried of either was tried of both.
  void same(std::size_t kernel, std::size_t first);
};

}  // namespace relapse::bisect
