// SPDX-License-Identifier: GPL-2.0-or-later
//
// "cat source > file", several at once and on one file.

#include <fcntl.h>

#include "../programs.h"
#include "result.h"
#include "shared/parts.h"

static const char kUsage[] =
    "usage: copiers --dir DIR --file NAME [--writers N] [--rounds N] [--size BYTES] [--seed N] [--threads 1]\n"
    "               [--verify 1] [--uid N]\n"
    "Writers named copier-0, copier-1, ... all write the same file, as cat does: each round each opens it anew\n"
    "(O_TRUNC), writes --size bytes of its own data in order, in pieces of 128 KiB, and closes it. A round ends with\n"
    "the first error of write; the next is tried all the same. Acknowledged is a round whose close returned "
    "success.\n" HELP_WORK HELP_WRITERS HELP_THREADS
    "  --size BYTES  of the file (65536), rounded up to a multiple of 8\n" HELP_VERIFY
    "                If the last round of each was acknowledged, then the file has its full length, no holes, and\n"
    "                each word is of the last round of one of them. Else holes and a missing end are allowed, and\n"
    "                rounds since each one's last that was acknowledged.\n" HELP_RESULT ";" HELP_CORRUPT;

enum { kPiece = 128 * 1024 };

// What is known of the file: a round of each writer, which begins by emptying it.
struct Copies {
  uint64_t writers;
  uint64_t size;
  bool whole;  // the last round of each was acknowledged
  struct Block rounds[kMostWriters];
};

static void copy(struct Writer* writer, unsigned char* bytes, const uint64_t piece, const uint32_t round) {
  const struct Work* work = writer->work;
  struct Block* mine = &((struct Copies*)writer->shared)->rounds[writer->number];
  mine->tried = round;
  const int fd = open(work->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (!went(writer, "open", fd >= 0)) return;
  bool written = true;
  for (uint64_t at = 0; at < work->size && written; at += piece) {
    const uint64_t length = work->size - at < piece ? work->size - at : piece;
    fill(bytes, length, work->seed, at, (struct Stamp){writer->number, round});
    written = put(writer, fd, bytes, length, at);
  }
  if (!went(writer, "close", close(fd) == 0) || !written) return;
  mine->acknowledged = round;
  writer->taken += work->size;
}

static void be_copier(struct Writer* writer) {
  uint64_t piece = 0;
  unsigned char* bytes = buffer(writer, kPiece, &piece);
  for (uint32_t round = 1; bytes && round <= writer->work->rounds; ++round) copy(writer, bytes, piece, round);
  free(bytes);
}

static struct Allowed allow(const void* self, const uint64_t offset, const struct Stamp* found) {
  const struct Copies* copies = self;
  if (offset >= copies->size) return (struct Allowed){.right = found == NULL};
  struct Allowed allowed = {.right = !found && !copies->whole, .lost = !found && copies->whole};
  if (copies->whole) allowed.expected = (struct Stamp){0, copies->rounds[0].acknowledged};
  if (!found || found->round == 0 || found->writer >= copies->writers) return allowed;
  const struct Block* rounds = &copies->rounds[found->writer];
  allowed.right = found->round >= rounds->acknowledged && found->round <= rounds->tried;
  allowed.lost = found->round < rounds->acknowledged;
  if (copies->whole) allowed.expected = (struct Stamp){found->writer, rounds->acknowledged};
  return allowed;
}

static struct Expectation expect_copies(struct Copies* copies) {
  copies->whole = true;
  for (uint64_t i = 0; i < copies->writers; ++i)
    copies->whole = copies->whole && copies->rounds[i].acknowledged == copies->rounds[i].tried;
  return (struct Expectation){copies->whole ? copies->size : 0, copies->size, allow, copies};
}

int copiers(int argc, char** argv) {
  struct Work work = {.size = 65536, .grain = kWord};
  take_work(&work, argc, argv, kUsage, kTakesFile | kTakesWriters | kTakesSize | kTakesThreads | kVerifies);
  if (!begin(&work)) return 0;
  struct Copies* copies = share(sizeof *copies);
  copies->writers = work.writers;
  copies->size = work.size;
  const struct Writer* writers = run_writers(&work, (unsigned)work.writers, "copier", be_copier, copies);
  const struct Expectation expectation = expect_copies(copies);
  return finish(&work, writers, (unsigned)work.writers, &expectation);
}
