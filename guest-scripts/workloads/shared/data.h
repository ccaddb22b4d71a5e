// SPDX-License-Identifier: GPL-2.0-or-later
//
// Data that says itself who wrote it. Every aligned word of 8 bytes holds, under a key of the seed and of its place,
// the writer and the round: whoever knows the seed can tell them from the word alone. Another word, or a word at
// another place, is taken for data once in 2^34.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { kWord = 8, kMostWriters = 1024, kMostRounds = 1000000 };

struct Stamp {
  uint32_t writer;  // from 0, below kMostWriters
  uint32_t round;   // from 1, up to kMostRounds
};

uint64_t data_word(uint64_t seed, uint64_t offset, struct Stamp stamp);

// False: this seed's data at `offset` has no such word.
bool read_stamp(uint64_t seed, uint64_t offset, uint64_t word, struct Stamp* stamp);

// `length` and `offset` are multiples of kWord.
void fill(unsigned char* bytes, size_t length, uint64_t seed, uint64_t offset, struct Stamp stamp);

// The numbers that chance gives, the same for the same seed and stream.
struct Chance {
  uint64_t seed;
  uint64_t drawn;
};
struct Chance chance_of(uint64_t seed, uint64_t stream);
uint64_t draw(struct Chance* chance, uint64_t below);  // 0 to below - 1; 0 when `below` is 0
bool toss(struct Chance* chance, uint64_t percent);    // true in so many of a hundred

// All numbers below `count`, each once, in an order of chance's: the i-th of them.
struct Order {
  uint64_t count;
  uint64_t start;
  uint64_t stride;
};
struct Order shuffle(struct Chance* chance, uint64_t count);
uint64_t nth(const struct Order* order, uint64_t i);
