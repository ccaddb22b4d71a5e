// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace relapse::statistics {

// Tries that came to a result, and how many of them showed what is counted.
struct Count {
  int hits = 0;  // 0 to `tries`
  int tries = 0;

  Count& operator+=(Count other) {
    hits += other.hits;
    tries += other.tries;
    return *this;
  }
  double rate() const { return tries == 0 ? 0.0 : static_cast<double>(hits) / tries; }
};

// Of a rate, 0 to 1, both ends included.
struct Interval {
  double low = 0;
  double high = 1;
};

}  // namespace relapse::statistics
