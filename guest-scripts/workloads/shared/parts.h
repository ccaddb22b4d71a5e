// SPDX-License-Identifier: GPL-2.0-or-later
//
// Writers that each have a part of the file to themselves: writer 0 the first `size` bytes, and so on. A ledger
// knows of each block of a part what the last acknowledged round was, and the last that was tried.
#pragma once

#include "data.h"
#include "verify.h"
#include "writers.h"

struct Block {
  uint32_t acknowledged;  // round; 0: none
  uint32_t tried;
};

struct Ledger {
  uint64_t part;    // bytes; as the work's size
  uint64_t block;   // bytes; a part's last one may be shorter
  uint64_t blocks;  // of a part
  uint64_t parts;
  struct Block entries[];
};

struct Ledger* make_ledger(const struct Work* work, uint64_t block);  // shared
struct Block* block_of(struct Ledger* ledger, uint64_t part, uint64_t number);
// Where it is in the file.
uint64_t block_offset(const struct Ledger* ledger, uint64_t part, uint64_t number);
uint64_t block_length(const struct Ledger* ledger, uint64_t number);

void mark_tried(struct Ledger* ledger, uint64_t part, uint32_t round);
void mark_acknowledged(struct Ledger* ledger, uint64_t part, uint32_t round);

// Of the ledger's file. It must live as long as the expectation.
struct Expectation expect_parts(const struct Ledger* ledger);

// Empties the file when the work is to be verified. False: nothing can be done there, and the last line is said.
bool begin(const struct Work* work);

// The last line of a work whose `setup` met an error. False.
bool end_early(const struct Work* work, const struct Writer* setup);

// Verifies if that is asked for, says the last line; the program's status.
int finish(const struct Work* work, const struct Writer* writers, unsigned count,
           const struct Expectation* expectation);
