// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

extern "C" {
#include "verify.h"
}

namespace {

constexpr std::uint64_t kSeed = 7;

// Round 2 of writer 0 was acknowledged everywhere.
Allowed secondRound(const void*, std::uint64_t, const Stamp* found) {
  const bool right = found != nullptr && found->round == 2;
  return {right, found == nullptr || found->round == 1, {0, 2}};
}

const Expectation kSecondRound{64, 64, secondRound, nullptr};

std::vector<unsigned char> data(std::uint32_t round) {
  std::vector<unsigned char> bytes(64);
  fill(bytes.data(), bytes.size(), kSeed, 0, {0, round});
  return bytes;
}

Finding compared(const std::vector<unsigned char>& bytes) {
  Finding finding{};
  compare(&finding, &kSecondRound, kSeed, 0, bytes.data(), bytes.size());
  return finding;
}

TEST(Compare, FindsNothingWrongWithWhatIsExpected) {
  EXPECT_EQ(compared(data(2)).words, 0u);
}

TEST(Compare, TellsTheFirstByteThatDiffersAndHowManyWordsDo) {
  auto bytes = data(2);
  bytes[21] ^= 0x55;
  bytes[40] ^= 1;
  bytes[47] ^= 1;
  const Finding finding = compared(bytes);
  EXPECT_EQ(finding.offset, 21u);
  EXPECT_EQ(finding.expected, data(2)[21]);
  EXPECT_EQ(finding.found, bytes[21]);
  EXPECT_EQ(finding.words, 2u);
  EXPECT_STREQ(finding.what, "wrong");
}

TEST(Compare, CallsZerosLost) {
  auto bytes = data(2);
  std::fill(bytes.begin() + 16, bytes.begin() + 24, static_cast<unsigned char>(0));
  const Finding finding = compared(bytes);
  EXPECT_EQ(finding.offset, 16u);
  EXPECT_EQ(finding.found, 0u);
  EXPECT_STREQ(finding.what, "lost");
}

TEST(Compare, CallsAnOlderRoundLost) {
  const Finding finding = compared(data(1));
  EXPECT_EQ(finding.words, 8u);
  EXPECT_STREQ(finding.what, "lost");
}

TEST(Compare, ComparesALastWordThatIsNotWhole) {
  auto bytes = data(2);
  bytes.resize(61);
  const Finding finding = compared(bytes);
  EXPECT_EQ(finding.words, 0u) << "its bytes are those that are expected";
  bytes[60] ^= 1;
  EXPECT_EQ(compared(bytes).offset, 60u);
}

TEST(Compare, FindsAFileTooShortOrTooLong) {
  Finding shorter{}, longer{}, right{};
  compare_length(&shorter, &kSecondRound, kSeed, 21);
  EXPECT_STREQ(shorter.what, "short");
  EXPECT_EQ(shorter.offset, 21u);
  EXPECT_EQ(shorter.expected, data(2)[21]);
  EXPECT_EQ(shorter.words, 6u);
  compare_length(&longer, &kSecondRound, kSeed, 65);
  EXPECT_STREQ(longer.what, "wrong");
  EXPECT_EQ(longer.offset, 64u);
  compare_length(&right, &kSecondRound, kSeed, 64);
  EXPECT_EQ(right.words, 0u);
}

TEST(Compare, KeepsTheFirstFinding) {
  auto bytes = data(2);
  bytes[8] ^= 1;
  Finding finding = compared(bytes);
  compare_length(&finding, &kSecondRound, kSeed, 32);
  EXPECT_EQ(finding.offset, 8u);
  EXPECT_STREQ(finding.what, "wrong");
  EXPECT_EQ(finding.words, 5u);
}

}  // namespace
