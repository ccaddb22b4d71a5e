// SPDX-License-Identifier: GPL-2.0-or-later

#include <fcntl.h>
#include <sched.h>

#include "../programs.h"
#include "result.h"
#include "shared/parts.h"

static const char kUsage[] =
    "usage: pinned-writers --dir DIR --file NAME [--writers N] [--rounds N] [--size BYTES] [--seed N]\n"
    "                      [--threads 1] [--verify 1] [--uid N]\n"
    "Writers named pinned-0, pinned-1, ... are bound to the CPUs in turn. Each round each opens the file, writes its\n"
    "own part of it in order, in pieces of 128 KiB, and closes it. A round ends with the first error of write; the\n"
    "next is tried all the same. Acknowledged is a round whose close returned success.\n" HELP_WORK HELP_WRITERS
        HELP_THREADS
    "  --size BYTES  of a writer's part (65536), rounded up to a multiple of 8\n" HELP_VERIFY HELP_RESULT
    ";" HELP_CORRUPT;

enum { kPiece = 128 * 1024, kBlock = 4096 };

// The n-th of the CPUs that this program may use.
static bool pin(struct Writer* writer) {
  cpu_set_t usable, one;
  if (!possible(writer, "sched_getaffinity", sched_getaffinity(0, sizeof usable, &usable) == 0)) return false;
  unsigned skip = writer->number % (unsigned)CPU_COUNT(&usable);
  size_t cpu = 0;
  while (!CPU_ISSET(cpu, &usable) || skip-- > 0) ++cpu;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  return possible(writer, "sched_setaffinity", sched_setaffinity(0, sizeof one, &one) == 0);
}

static bool write_part(struct Writer* writer, const int fd, unsigned char* bytes, const uint64_t piece,
                       const uint32_t round) {
  const struct Work* work = writer->work;
  for (uint64_t at = 0; at < work->size; at += piece) {
    const uint64_t length = work->size - at < piece ? work->size - at : piece;
    const uint64_t offset = writer->number * work->size + at;
    fill(bytes, length, work->seed, offset, (struct Stamp){writer->number, round});
    if (!put(writer, fd, bytes, length, offset)) return false;
  }
  return true;
}

static void write_round(struct Writer* writer, unsigned char* bytes, const uint64_t piece, const uint32_t round) {
  struct Ledger* ledger = writer->shared;
  const int fd = open(writer->work->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (!went(writer, "open", fd >= 0)) return;
  mark_tried(ledger, writer->number, round);
  const bool written = write_part(writer, fd, bytes, piece, round);
  if (!went(writer, "close", close(fd) == 0) || !written) return;
  mark_acknowledged(ledger, writer->number, round);
  writer->taken += writer->work->size;
}

static void be_pinned(struct Writer* writer) {
  uint64_t piece = 0;
  unsigned char* bytes = pin(writer) ? buffer(writer, kPiece, &piece) : NULL;
  for (uint32_t round = 1; bytes && round <= writer->work->rounds; ++round) write_round(writer, bytes, piece, round);
  free(bytes);
}

int pinned_writers(int argc, char** argv) {
  struct Work work = {.size = 65536, .grain = kWord};
  take_work(&work, argc, argv, kUsage, kTakesFile | kTakesWriters | kTakesSize | kTakesThreads | kVerifies);
  if (!begin(&work)) return 0;
  struct Ledger* ledger = make_ledger(&work, kBlock);
  const struct Writer* writers = run_writers(&work, (unsigned)work.writers, "pinned", be_pinned, ledger);
  const struct Expectation expectation = expect_parts(ledger);
  return finish(&work, writers, (unsigned)work.writers, &expectation);
}
