// SPDX-License-Identifier: GPL-2.0-or-later
#include "parts.h"

#include <fcntl.h>

#include "../result.h"

struct Ledger* make_ledger(const struct Work* work, const uint64_t block) {
  const uint64_t blocks = (work->size + block - 1) / block;
  struct Ledger* ledger = share(sizeof *ledger + work->writers * blocks * sizeof ledger->entries[0]);
  *ledger = (struct Ledger){work->size, block, blocks, work->writers};
  return ledger;
}

struct Block* block_of(struct Ledger* ledger, const uint64_t part, const uint64_t number) {
  return &ledger->entries[part * ledger->blocks + number];
}

uint64_t block_offset(const struct Ledger* ledger, const uint64_t part, const uint64_t number) {
  return part * ledger->part + number * ledger->block;
}

uint64_t block_length(const struct Ledger* ledger, const uint64_t number) {
  const uint64_t rest = ledger->part - number * ledger->block;
  return rest < ledger->block ? rest : ledger->block;
}

void mark_tried(struct Ledger* ledger, const uint64_t part, const uint32_t round) {
  for (uint64_t i = 0; i < ledger->blocks; ++i) block_of(ledger, part, i)->tried = round;
}

void mark_acknowledged(struct Ledger* ledger, const uint64_t part, const uint32_t round) {
  for (uint64_t i = 0; i < ledger->blocks; ++i) block_of(ledger, part, i)->acknowledged = round;
}

static struct Allowed allow(const void* self, const uint64_t offset, const struct Stamp* found) {
  const struct Ledger* ledger = self;
  const uint64_t part = offset / ledger->part;
  if (part >= ledger->parts) return (struct Allowed){.right = found == NULL};
  const struct Block* block = &ledger->entries[part * ledger->blocks + offset % ledger->part / ledger->block];
  const bool own = found && found->round > 0 && found->writer == part;
  struct Allowed allowed = {.expected = {(uint32_t)part, block->acknowledged}};
  if (!found) allowed.right = block->acknowledged == 0;
  if (own) allowed.right = found->round >= block->acknowledged && found->round <= block->tried;
  allowed.lost = block->acknowledged > 0 && (!found || (own && found->round < block->acknowledged));
  return allowed;
}

struct Expectation expect_parts(const struct Ledger* ledger) {
  struct Expectation expectation = {0, 0, allow, ledger};
  for (uint64_t part = 0; part < ledger->parts; ++part) {
    for (uint64_t i = 0; i < ledger->blocks; ++i) {
      const struct Block* block = &ledger->entries[part * ledger->blocks + i];
      const uint64_t end = block_offset(ledger, part, i) + block_length(ledger, i);
      if (block->acknowledged && end > expectation.least) expectation.least = end;
      if (block->tried && end > expectation.most) expectation.most = end;
    }
  }
  return expectation;
}

bool end_early(const struct Work* work, const struct Writer* setup) {
  struct Work unverified = *work;
  unverified.verify = false;
  conclude(&unverified, setup, 1);
  return false;
}

bool begin(const struct Work* work) {
  if (!work->verify) return true;
  struct Writer setup = {.work = work};
  const int fd = open(work->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (went(&setup, "open", fd >= 0) && went(&setup, "close", close(fd) == 0)) return true;
  return end_early(work, &setup);
}

int finish(const struct Work* work, const struct Writer* writers, const unsigned count,
           const struct Expectation* expectation) {
  if (work->verify) {
    const struct Finding finding = verify_file(work->path, work->seed, expectation);
    if (finding.words > 0) return conclude_corrupt(work->file, &finding);
  }
  return conclude(work, writers, count);
}
