// SPDX-License-Identifier: GPL-2.0-or-later
#include "bisect/evidence.hpp"

#include <numeric>

namespace relapse::bisect {

Evidence::Evidence(std::size_t candidates)
    : tallies(candidates + 1),
      untestable(candidates + 1, false),
      sameAs(candidates + 1),
      uncheckable(candidates + 1, false) {
  std::iota(sameAs.begin(), sameAs.end(), std::size_t{0});
}

void add(Tally& tally, Saw saw) {
  switch (saw) {
    case Saw::Bad:
      ++tally.bad;
      break;
    case Saw::Good:
      ++tally.good;
      break;
    case Saw::Other:
      ++tally.other;
      break;
    case Saw::Inconclusive:
      ++tally.inconclusive;
      break;
  }
}

void add(Tally& tally, const Tally& other) {
  tally.bad += other.bad;
  tally.good += other.good;
  tally.other += other.other;
  tally.inconclusive += other.inconclusive;
}

void Evidence::add(Trial trial, Saw saw) {
  bisect::add(trial.check ? checks[trial.number] : tallies[sameAs[trial.number]], saw);
}

bool Evidence::tried(std::size_t kernel) const {
  return of(kernel).tries() > 0;
}

void Evidence::same(std::size_t kernel, std::size_t first) {
  const std::size_t from = sameAs[kernel];
  const std::size_t to = sameAs[first];
  if (from == to) return;
  bisect::add(tallies[to], tallies[from]);
  tallies[from] = {};
  for (auto& one : sameAs)
    if (one == from) one = to;
}

}  // namespace relapse::bisect
