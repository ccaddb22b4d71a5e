// SPDX-License-Identifier: GPL-2.0-or-later
#include "bisect/evidence.hpp"

#include <gtest/gtest.h>

namespace relapse::bisect {
namespace {

TEST(Evidence, CountsATryWhereItWasMade) {
  Evidence evidence(4);
  evidence.add({2}, Saw::Bad);
  evidence.add({2}, Saw::Good);
  evidence.add({2}, Saw::Other);
  evidence.add({2}, Saw::Inconclusive);
  evidence.add({2, true}, Saw::Good);
  EXPECT_EQ(evidence.of(2), (Tally{1, 1, 1, 1}));
  EXPECT_EQ(evidence.of(2).tries(), 3);
  EXPECT_EQ(evidence.checks.at(2), (Tally{0, 1, 0, 0}));
  EXPECT_FALSE(evidence.tried(3));
}

TEST(Evidence, ATryWithoutAResultIsNoTry) {
  Evidence evidence(4);
  evidence.add({2}, Saw::Inconclusive);
  EXPECT_FALSE(evidence.tried(2));
}

TEST(Evidence, TriesOfKernelsThatAreTheSameAreOfAllOfThem) {
  Evidence evidence(5);
  evidence.add({3}, Saw::Bad);
  evidence.add({4}, Saw::Good);
  evidence.add({2}, Saw::Good);
  evidence.same(4, 3);
  evidence.same(3, 2);
  evidence.same(3, 4);  // known already
  for (const std::size_t kernel : {2U, 3U, 4U}) {
    EXPECT_EQ(evidence.sameAs[kernel], 2U);
    EXPECT_EQ(evidence.of(kernel), (Tally{1, 2, 0, 0}));
  }
  evidence.add({4}, Saw::Bad);
  EXPECT_EQ(evidence.of(2).bad, 2);
  EXPECT_EQ(evidence.of(5), Tally{});
}

}  // namespace
}  // namespace relapse::bisect
