// SPDX-License-Identifier: GPL-2.0-or-later

#include <fcntl.h>
#include <sys/prctl.h>

#include "../programs.h"
#include "result.h"
#include "shared/parts.h"

static const char kUsage[] =
    "usage: truncate-against-write --dir DIR --file NAME [--writers N] [--rounds N] [--size BYTES] [--seed N]\n"
    "                              [--threads 1] [--uid N]\n"
    "Writers named writer-0, writer-1, ... each keep the file open and each round write a piece of up to 4 KiB of\n"
    "their own part of it, anywhere; one more, named truncator, as often makes the file shorter by chance and long\n"
    "again. After an error all go on. The file is emptied first, and nobody else may write to it.\n"
    "Proved at the end, when the file was once more made shorter and long again: it has that length, behind the cut\n"
    "there are zeros, and before it each word is a hole's or of a round of the writer whose part it is in.\n" HELP_WORK
        HELP_WRITERS HELP_THREADS
    "  --size BYTES  of a writer's part (65536), rounded up to a multiple of 8\n" HELP_RESULT ";" HELP_CORRUPT;

enum { kMostPiece = 4096, kTries = 3 };

struct Cut {
  uint64_t writers;
  uint64_t part;
  uint64_t kept;  // behind it there are zeros
  uint32_t tried[kMostWriters];
};

static void write_somewhere(struct Writer* writer, const int fd, struct Chance* chance, const uint32_t round) {
  const struct Work* work = writer->work;
  struct Cut* cut = writer->shared;
  unsigned char bytes[kMostPiece];
  const uint64_t at = draw(chance, work->size / kWord) * kWord;
  uint64_t length = (1 + draw(chance, kMostPiece / kWord)) * kWord;
  if (length > work->size - at) length = work->size - at;
  const uint64_t offset = writer->number * work->size + at;
  fill(bytes, length, work->seed, offset, (struct Stamp){writer->number, round});
  cut->tried[writer->number] = round;
  if (put(writer, fd, bytes, length, offset)) writer->taken += length;
}

static bool shorten(struct Writer* writer, const int fd, const uint64_t kept) {
  const uint64_t whole = writer->work->writers * writer->work->size;
  return went(writer, "truncate", ftruncate(fd, (off_t)kept) == 0) &
         went(writer, "truncate", ftruncate(fd, (off_t)whole) == 0);
}

static void be_either(struct Writer* writer) {
  const struct Work* work = writer->work;
  const bool truncator = writer->number == work->writers;
  struct Chance chance = chance_of(work->seed, writer->number);
  if (truncator) prctl(PR_SET_NAME, "truncator");
  const int fd = open(work->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (!went(writer, "open", fd >= 0)) return;
  for (uint32_t round = 1; round <= work->rounds; ++round) {
    if (truncator) shorten(writer, fd, draw(&chance, work->writers * work->size / kWord) * kWord);
    if (!truncator) write_somewhere(writer, fd, &chance, round);
  }
  went(writer, "close", close(fd) == 0);
}

static struct Allowed allow(const void* self, const uint64_t offset, const struct Stamp* found) {
  const struct Cut* cut = self;
  if (!found) return (struct Allowed){.right = true};
  if (offset >= cut->kept || found->round == 0) return (struct Allowed){0};
  const uint64_t owner = offset / cut->part;
  return (struct Allowed){.right = found->writer == owner && found->round <= cut->tried[owner]};
}

// False: it could not be made, so nothing can be proved. A first try may be told of an earlier write's error.
static bool last_cut(struct Writer* truncator, struct Cut* cut) {
  const struct Work* work = truncator->work;
  struct Chance chance = chance_of(work->seed, kMostWriters + 1);
  cut->kept = draw(&chance, work->writers * work->size / kWord) * kWord;
  const int fd = open(work->path, O_WRONLY | O_CLOEXEC);
  if (!went(truncator, "open", fd >= 0)) return false;
  bool made = false;
  for (int i = 0; i < kTries && !made; ++i) made = shorten(truncator, fd, cut->kept);
  went(truncator, "close", close(fd) == 0);
  return made;
}

int truncate_against_write(int argc, char** argv) {
  struct Work work = {.size = 65536, .grain = kWord};
  take_work(&work, argc, argv, kUsage, kTakesFile | kTakesWriters | kTakesSize | kTakesThreads);
  work.verify = true;
  if (!begin(&work)) return 0;
  struct Cut* cut = share(sizeof *cut);
  cut->writers = work.writers;
  cut->part = work.size;
  const unsigned count = (unsigned)work.writers + 1;
  struct Writer* writers = run_writers(&work, count, "writer", be_either, cut);
  work.verify = last_cut(&writers[count - 1], cut);
  const uint64_t whole = work.writers * work.size;
  const struct Expectation expectation = {whole, whole, allow, cut};
  return finish(&work, writers, count, &expectation);
}
