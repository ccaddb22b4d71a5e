// SPDX-License-Identifier: GPL-2.0-or-later
//
// Reads a file from where it really lies and compares it with what may be in it.
#pragma once

#include "data.h"
#include "work.h"

// What may stand in one word.
struct Allowed {
  bool right;             // what was found is allowed
  bool lost;              // not: something was acknowledged here, and an older state or nothing was found
  struct Stamp expected;  // what was acknowledged last; round 0: nothing, zeros
};

// What a file must look like. Pure: told of one word at a time, in order.
struct Expectation {
  uint64_t least;  // bytes; what was acknowledged lies below that
  uint64_t most;
  // `found` is NULL for a word of zeros, its round 0 for one that is nobody's data.
  struct Allowed (*word)(const void* self, uint64_t offset, const struct Stamp* found);
  const void* self;
};

struct Finding {
  uint64_t words;  // how many are wrong; 0: none
  uint64_t offset;
  unsigned expected;
  unsigned found;
  const char* what;  // "lost", "wrong", "short"
};

// Of `length` bytes at `offset`, a multiple of kWord; a last word that is not whole is compared by its bytes.
void compare(struct Finding* finding, const struct Expectation* expectation, uint64_t seed, uint64_t offset,
             const unsigned char* bytes, size_t length);
void compare_length(struct Finding* finding, const struct Expectation* expectation, uint64_t seed, uint64_t length);

// Writes back and drops what this machine has of the file, reads it all and compares. Ends the program, with a result
// "failed", when it cannot be read or not be dropped.
struct Finding verify_file(const char* path, uint64_t seed, const struct Expectation* expectation);

// Whether reads of the file come from where it lies: drops its pages, or, where others hold them, has `fd` pass
// them by (O_DIRECT). Else false, with errno.
bool pass_cache_by(int fd);

// The last line of a work whose data is wrong, and its status.
int conclude_corrupt(const char* file, const struct Finding* finding);
