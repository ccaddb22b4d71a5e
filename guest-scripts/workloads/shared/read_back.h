// SPDX-License-Identifier: GPL-2.0-or-later
//
// Writes seeded data, makes the client forget it, reads what the server has and compares.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ReadBack {
  const char* step;  // what failed; NULL when nothing did
  int error;         // of that step
  bool refused;      // by the filesystem; otherwise the step could not be made here
  bool corrupt;      // the data differs: at `offset` is `found`, not `expected`
  uint64_t offset;
  unsigned expected;
  unsigned found;
};

struct ReadBack write_and_read_back(const char* path, uint64_t seed, uint64_t size);

// The pages of the file that are still in this machine's cache. `size` is not 0.
size_t cached_pages(int fd, uint64_t size);
