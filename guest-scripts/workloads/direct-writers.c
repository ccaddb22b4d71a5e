// SPDX-License-Identifier: GPL-2.0-or-later

#include <fcntl.h>

#include "../programs.h"
#include "result.h"
#include "shared/parts.h"

static const char kUsage[] =
    "usage: direct-writers --dir DIR --file NAME [--writers N] [--rounds N] [--size BYTES] [--seed N] [--threads 1]\n"
    "                      [--verify 1] [--uid N]\n"
    "Writers named direct-0, direct-1, ... each open the file with O_DIRECT. Each round each writes its own part of\n"
    "it, in pieces of 16 KiB in an order of chance's. A piece that fails is left, the others are tried. Acknowledged\n"
    "is what write returned success for.\n" HELP_WORK HELP_WRITERS HELP_THREADS
    "  --size BYTES  of a writer's part (65536), rounded up to a multiple of 4096\n" HELP_VERIFY HELP_RESULT
    ";" HELP_CORRUPT;

enum { kPiece = 16 * 1024, kPage = 4096 };

static void write_piece(struct Writer* writer, const int fd, unsigned char* bytes, const uint64_t number,
                        const uint32_t round) {
  struct Ledger* ledger = writer->shared;
  const uint64_t offset = block_offset(ledger, writer->number, number);
  const uint64_t length = block_length(ledger, number);
  struct Block* block = block_of(ledger, writer->number, number);
  fill(bytes, length, writer->work->seed, offset, (struct Stamp){writer->number, round});
  block->tried = round;
  if (!put(writer, fd, bytes, length, offset)) return;
  block->acknowledged = round;
  writer->taken += length;
}

static void write_rounds(struct Writer* writer, const int fd, unsigned char* bytes) {
  const struct Ledger* ledger = writer->shared;
  struct Chance chance = chance_of(writer->work->seed, writer->number);
  for (uint32_t round = 1; round <= writer->work->rounds; ++round) {
    const struct Order order = shuffle(&chance, ledger->blocks);
    for (uint64_t i = 0; i < order.count; ++i) write_piece(writer, fd, bytes, nth(&order, i), round);
  }
}

static void be_direct(struct Writer* writer) {
  uint64_t piece = 0;
  unsigned char* bytes = buffer(writer, kPiece, &piece);
  if (!bytes) return;
  const int fd = open(writer->work->path, O_WRONLY | O_CREAT | O_DIRECT | O_CLOEXEC, 0666);
  if (went(writer, "open", fd >= 0)) {
    write_rounds(writer, fd, bytes);
    went(writer, "close", close(fd) == 0);
  }
  free(bytes);
}

int direct_writers(int argc, char** argv) {
  struct Work work = {.size = 65536, .grain = kPage};
  take_work(&work, argc, argv, kUsage, kTakesFile | kTakesWriters | kTakesSize | kTakesThreads | kVerifies);
  if (!begin(&work)) return 0;
  struct Ledger* ledger = make_ledger(&work, kPiece);
  const struct Writer* writers = run_writers(&work, (unsigned)work.writers, "direct", be_direct, ledger);
  const struct Expectation expectation = expect_parts(ledger);
  return finish(&work, writers, (unsigned)work.writers, &expectation);
}
