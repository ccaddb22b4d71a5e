// SPDX-License-Identifier: GPL-2.0-or-later
#include "data.h"

#include <string.h>

enum { kRoundBits = 20, kStampBits = 30, kHalf = 32 };

static const uint64_t kFirst = 0xa0761d6478bd642fu;
static const uint64_t kSecond = 0xe7037ed1a0b428dbu;

// Of an odd number, modulo 2^64: each step doubles the bits that are right, and 3 are to begin with.
static uint64_t inverse(const uint64_t odd) {
  uint64_t x = odd;
  for (int i = 0; i < 5; ++i) x *= 2 - odd * x;
  return x;
}

static uint64_t mix(uint64_t x) {
  x = (x ^ x >> kHalf) * kFirst;
  x = (x ^ x >> kHalf) * kSecond;
  return x ^ x >> kHalf;
}

static uint64_t unmix(uint64_t x) {
  x = (x ^ x >> kHalf) * inverse(kSecond);
  x = (x ^ x >> kHalf) * inverse(kFirst);
  return x ^ x >> kHalf;
}

static uint64_t key_of(const uint64_t seed, const uint64_t place) {
  return mix(mix(seed + kSecond) + place * kFirst);
}

uint64_t data_word(const uint64_t seed, const uint64_t offset, const struct Stamp stamp) {
  return mix(key_of(seed, offset) ^ ((uint64_t)stamp.writer << kRoundBits | stamp.round));
}

bool read_stamp(const uint64_t seed, const uint64_t offset, const uint64_t word, struct Stamp* stamp) {
  const uint64_t code = unmix(word) ^ key_of(seed, offset);
  if (code >> kStampBits != 0) return false;
  stamp->writer = (uint32_t)(code >> kRoundBits);
  stamp->round = (uint32_t)(code & ((1u << kRoundBits) - 1));
  return stamp->round >= 1 && stamp->round <= kMostRounds;
}

void fill(unsigned char* bytes, const size_t length, const uint64_t seed, const uint64_t offset,
          const struct Stamp stamp) {
  for (size_t at = 0; at < length; at += kWord) {
    const uint64_t word = data_word(seed, offset + at, stamp);
    memcpy(bytes + at, &word, sizeof word);
  }
}

struct Chance chance_of(const uint64_t seed, const uint64_t stream) {
  return (struct Chance){key_of(seed, ~stream), 0};
}

uint64_t draw(struct Chance* chance, const uint64_t below) {
  return below == 0 ? 0 : mix(chance->seed + ++chance->drawn * kSecond) % below;
}

bool toss(struct Chance* chance, const uint64_t percent) {
  return draw(chance, 100) < percent;
}

static uint64_t common_divisor(uint64_t a, uint64_t b) {
  while (b != 0) {
    const uint64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

struct Order shuffle(struct Chance* chance, const uint64_t count) {
  struct Order order = {count, draw(chance, count), 1 + draw(chance, count)};
  while (common_divisor(order.stride, count) != 1) ++order.stride;
  return order;
}

uint64_t nth(const struct Order* order, const uint64_t i) {
  return (uint64_t)((order->start + (__uint128_t)i * order->stride) % order->count);
}
