// SPDX-License-Identifier: GPL-2.0-or-later

#include <fcntl.h>

#include "../programs.h"
#include "result.h"
#include "shared/parts.h"

static const char kUsage[] =
    "usage: fsync-storm --dir DIR --file NAME [--writers N] [--rounds N] [--size BYTES] [--seed N] [--threads 1]\n"
    "                   [--verify 1] [--uid N]\n"
    "Writers named fsyncer-0, fsyncer-1, ... each keep the file open. Each round each writes its own part of it, 512\n"
    "bytes at a time in an order of chance's, with an fsync after each of these. After an error the next is tried.\n"
    "Acknowledged is what was written between two fsyncs, if write and fsync returned success.\n" HELP_WORK HELP_WRITERS
        HELP_THREADS
    "  --size BYTES  of a writer's part (16384), rounded up to a multiple of 8\n" HELP_VERIFY HELP_RESULT
    ";" HELP_CORRUPT;

enum { kLittle = 512 };

static void write_little(struct Writer* writer, const int fd, const uint64_t number, const uint32_t round) {
  struct Ledger* ledger = writer->shared;
  unsigned char bytes[kLittle];
  const uint64_t offset = block_offset(ledger, writer->number, number);
  const uint64_t length = block_length(ledger, number);
  struct Block* block = block_of(ledger, writer->number, number);
  fill(bytes, length, writer->work->seed, offset, (struct Stamp){writer->number, round});
  block->tried = round;
  const bool written = put(writer, fd, bytes, length, offset);
  if (!went(writer, "fsync", fsync(fd) == 0) || !written) return;
  block->acknowledged = round;
  writer->taken += length;
}

static void be_fsyncer(struct Writer* writer) {
  const struct Ledger* ledger = writer->shared;
  struct Chance chance = chance_of(writer->work->seed, writer->number);
  const int fd = open(writer->work->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (!went(writer, "open", fd >= 0)) return;
  for (uint32_t round = 1; round <= writer->work->rounds; ++round) {
    const struct Order order = shuffle(&chance, ledger->blocks);
    for (uint64_t i = 0; i < order.count; ++i) write_little(writer, fd, nth(&order, i), round);
  }
  went(writer, "close", close(fd) == 0);
}

int fsync_storm(int argc, char** argv) {
  struct Work work = {.size = 16384, .grain = kWord};
  take_work(&work, argc, argv, kUsage, kTakesFile | kTakesWriters | kTakesSize | kTakesThreads | kVerifies);
  if (!begin(&work)) return 0;
  struct Ledger* ledger = make_ledger(&work, kLittle);
  const struct Writer* writers = run_writers(&work, (unsigned)work.writers, "fsyncer", be_fsyncer, ledger);
  const struct Expectation expectation = expect_parts(ledger);
  return finish(&work, writers, (unsigned)work.writers, &expectation);
}
