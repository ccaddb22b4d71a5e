// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <set>
#include <vector>

extern "C" {
#include "data.h"
}

namespace {

TEST(Data, EachWordTellsItsWriterAndRound) {
  for (std::uint64_t seed : {0ull, 7ull, ~0ull})
    for (std::uint64_t offset : {0ull, 8ull, 4096ull, (1ull << 40) - 8})
      for (std::uint32_t writer : {0u, 1u, 1023u})
        for (std::uint32_t round : {1u, 2u, 1'000'000u}) {
          Stamp found{};
          ASSERT_TRUE(read_stamp(seed, offset, data_word(seed, offset, {writer, round}), &found));
          EXPECT_EQ(found.writer, writer);
          EXPECT_EQ(found.round, round);
        }
}

TEST(Data, AWordOfAnotherPlaceOrSeedIsNobodys) {
  Stamp found{};
  for (std::uint64_t offset = 8; offset < 80'000; offset += 8) {
    EXPECT_FALSE(read_stamp(7, offset, data_word(7, offset - 8, {3, 5}), &found)) << offset;
    EXPECT_FALSE(read_stamp(8, offset, data_word(7, offset, {3, 5}), &found)) << offset;
    EXPECT_FALSE(read_stamp(7, offset, data_word(7, offset, {3, 5}) ^ 1, &found)) << offset;
  }
}

TEST(Data, HasNoWordOfRoundZero) {
  Stamp found{};
  EXPECT_FALSE(read_stamp(7, 0, data_word(7, 0, {3, 0}), &found));
  EXPECT_FALSE(read_stamp(7, 0, data_word(7, 0, {3, kMostRounds + 1}), &found));
}

TEST(Data, FillWritesTheWordsOfItsPlace) {
  std::vector<unsigned char> whole(64), part(16);
  fill(whole.data(), whole.size(), 7, 4096, {1, 2});
  fill(part.data(), part.size(), 7, 4096 + 24, {1, 2});
  EXPECT_EQ(std::vector(whole.begin() + 24, whole.begin() + 40), part);
}

TEST(Chance, IsTheSameForTheSameSeedAndStreamAlone) {
  const auto drawn = [](std::uint64_t seed, std::uint64_t stream) {
    Chance chance = chance_of(seed, stream);
    std::vector<std::uint64_t> numbers(20);
    for (auto& number : numbers) number = draw(&chance, 1000);
    return numbers;
  };
  EXPECT_EQ(drawn(7, 1), drawn(7, 1));
  EXPECT_NE(drawn(7, 1), drawn(8, 1));
  EXPECT_NE(drawn(7, 1), drawn(7, 2));
  for (const std::uint64_t number : drawn(7, 1)) EXPECT_LT(number, 1000u);
}

TEST(Chance, TossesFallAsOftenAsTheirPercentSaysAndAlike) {
  const auto fell = [](std::uint64_t seed, std::uint64_t percent) {
    Chance chance = chance_of(seed, 1);
    return toss(&chance, percent);
  };
  for (const std::uint64_t percent : {5u, 30u, 50u, 90u}) {
    int count = 0, alike = 0;
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
      EXPECT_EQ(fell(seed, percent), fell(seed, percent));
      EXPECT_TRUE(fell(seed, 100));
      count += fell(seed, percent) ? 1 : 0;
      alike += fell(seed, percent) == fell(seed + 1, percent) ? 1 : 0;
    }
    const double p = static_cast<double>(percent) / 100;
    EXPECT_NEAR(count, 1000 * p, 40) << percent;
    EXPECT_NEAR(alike, 1000 * (p * p + (1 - p) * (1 - p)), 50) << "neighbours know nothing of each other " << percent;
  }
}

TEST(Chance, AnOrderHasEachNumberOnce) {
  for (std::uint64_t count : {1u, 2u, 3u, 8u, 30u, 97u}) {
    Chance chance = chance_of(7, count);
    const Order order = shuffle(&chance, count);
    std::set<std::uint64_t> numbers;
    for (std::uint64_t i = 0; i < count; ++i) numbers.insert(nth(&order, i));
    EXPECT_EQ(numbers.size(), count);
    EXPECT_LT(*numbers.rbegin(), count);
  }
}

}  // namespace
