// SPDX-License-Identifier: GPL-2.0-or-later
#include "bisect/space.hpp"

#include <gtest/gtest.h>

#include <random>

#include "worlds.hpp"

namespace relapse::bisect {
namespace {

Space chain(std::size_t candidates) {
  std::vector<std::vector<std::size_t>> parents(candidates);
  for (std::size_t k = 2; k <= candidates; ++k) parents[k - 1] = {k - 1};
  return Space::graph(parents);
}

std::vector<double> someWeights(std::size_t candidates) {
  std::mt19937_64 random(candidates);
  std::vector<double> weights(candidates + 2);
  for (double& one : weights) one = std::uniform_real_distribution<>()(random);
  return weights;
}

TEST(Space, AGraphThatIsAChainIsALine) {
  for (const std::size_t n : {1U, 2U, 63U, 64U, 65U, 130U}) {
    const Space line = Space::line(n);
    const Space graph = chain(n);
    EXPECT_TRUE(line.isLine());
    EXPECT_FALSE(graph.isLine());
    ASSERT_EQ(graph.size(), line.size());
    for (std::size_t kernel = 0; kernel <= n; ++kernel)
      for (std::size_t candidate = 0; candidate <= n + 1; ++candidate)
        ASSERT_EQ(graph.has(kernel, candidate), line.has(kernel, candidate)) << n << ": " << kernel << " " << candidate;
    const auto weights = someWeights(n);
    const auto one = line.held(weights);
    const auto other = graph.held(weights);
    ASSERT_EQ(one.size(), n + 1);
    for (std::size_t kernel = 0; kernel <= n; ++kernel) ASSERT_NEAR(one[kernel], other[kernel], 1e-9);
  }
}

TEST(Space, AMergeHoldsBothSidesAndASideNotTheOther) {
  //  1 - 2 - - 5      3 stands on kernel 0
  //    \       /
  //  3 - 4 - -        4 on 3 and 1
  const Space space = Space::graph({{}, {1}, {}, {3, 1}, {2, 4}});
  const std::vector<std::vector<std::size_t>> held{{}, {1}, {1, 2}, {3}, {1, 3, 4}, {1, 2, 3, 4, 5}};
  for (std::size_t kernel = 0; kernel <= 5; ++kernel)
    for (std::size_t candidate = 1; candidate <= 5; ++candidate)
      EXPECT_EQ(space.has(kernel, candidate), std::ranges::count(held[kernel], candidate) == 1)
          << kernel << " " << candidate;
}

TEST(Space, CandidateNoneIsInEveryKernelAndTheOneBehindTheLastInNo) {
  for (const Space& space : {Space::line(5), merged(5, 1), merged(200, 2)})
    for (std::size_t kernel = 0; kernel <= space.size(); ++kernel) {
      EXPECT_TRUE(space.has(kernel, 0));
      EXPECT_FALSE(space.has(kernel, space.size() + 1));
    }
}

TEST(Space, WhatAKernelHoldsSumsUp) {
  for (const std::size_t n : {3U, 40U, 63U, 64U, 150U}) {
    for (const Space& space : {Space::line(n), merged(n, n)}) {
      const auto weights = someWeights(n);
      const auto sums = space.held(weights);
      for (std::size_t kernel = 0; kernel <= n; ++kernel) {
        double expected = 0;
        for (std::size_t candidate = 0; candidate <= n + 1; ++candidate)
          if (space.has(kernel, candidate)) expected += weights[candidate];
        ASSERT_NEAR(sums[kernel], expected, 1e-9) << n << ": " << kernel;
      }
    }
  }
}

}  // namespace
}  // namespace relapse::bisect
