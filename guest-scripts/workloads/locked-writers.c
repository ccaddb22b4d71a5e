// SPDX-License-Identifier: GPL-2.0-or-later

#include <fcntl.h>
#include <stdatomic.h>

#include "../programs.h"
#include "result.h"
#include "shared/parts.h"

static const char kUsage[] =
    "usage: locked-writers --dir DIR --file NAME [--writers N] [--rounds N] [--size BYTES] [--seed N] [--threads 1]\n"
    "                      [--verify 1] [--uid N]\n"
    "Writers named locker-0, locker-1, ... each keep the file open. Each round each locks its range (fcntl,\n"
    "F_OFD_SETLKW), writes it, fsyncs and unlocks it. The second half of a range is the first half of the next\n"
    "writer's. After an error the next round is tried. Acknowledged is a round whose write and fsync "
    "succeeded.\n" HELP_WORK HELP_WRITERS HELP_THREADS
    "  --size BYTES  of a writer's range (65536), rounded up to a multiple of 16\n" HELP_VERIFY
    "                In each half the last round that was acknowledged under the lock stands, or what was tried and\n"
    "                failed after it. Always: two that hold the lock of one half at once are "
    "\"what\":\"lock\".\n" HELP_RESULT ";" HELP_CORRUPT;

// Half a range. Written by two: its left one, of the same number, and the one before.
struct Half {
  atomic_uint holder;  // number + 1; 0: nobody
  struct Stamp acknowledged;
  struct Block
      since[2];  // rounds of the left and the right writer from ... to (acknowledged: the first, tried: the last)
};

struct Halves {
  uint64_t bytes;  // of one
  uint64_t count;
  atomic_uint_fast64_t broken;  // locks that were held twice
  uint64_t where;               // the first of them
  unsigned held;
  unsigned holder;
  struct Half halves[];
};

static int lock(const int fd, const struct Writer* writer, const short type) {
  struct flock range = {.l_type = type,
                        .l_whence = SEEK_SET,
                        .l_start = (off_t)(writer->number * writer->work->size / 2),
                        .l_len = (off_t)writer->work->size};
  // Not F_SETLKW: threads of one process would share those.
  return fcntl(fd, F_OFD_SETLKW, &range);
}

static void enter(struct Halves* halves, const unsigned i, const unsigned number) {
  const unsigned held = atomic_exchange(&halves->halves[i].holder, number + 1);
  if (held == 0 || atomic_fetch_add(&halves->broken, 1) > 0) return;
  halves->where = i * halves->bytes;
  halves->held = held - 1;
  halves->holder = number;
}

static void try_half(struct Half* half, const unsigned side, const uint32_t round) {
  if (half->since[side].acknowledged == 0) half->since[side].acknowledged = round;
  half->since[side].tried = round;
}

static void acknowledge_half(struct Half* half, const struct Stamp stamp) {
  half->acknowledged = stamp;
  half->since[0] = half->since[1] = (struct Block){0};
}

static void write_locked(struct Writer* writer, const int fd, unsigned char* bytes, const uint32_t round) {
  struct Halves* halves = writer->shared;
  const struct Stamp stamp = {writer->number, round};
  const uint64_t offset = writer->number * halves->bytes;
  for (unsigned side = 0; side < 2; ++side) {
    enter(halves, writer->number + side, writer->number);
    try_half(&halves->halves[writer->number + side], side, round);
  }
  fill(bytes, writer->work->size, writer->work->seed, offset, stamp);
  const bool written = put(writer, fd, bytes, writer->work->size, offset);
  const bool flushed = went(writer, "fsync", fsync(fd) == 0);
  for (unsigned side = 0; side < 2; ++side) {
    if (written && flushed) acknowledge_half(&halves->halves[writer->number + side], stamp);
    atomic_store(&halves->halves[writer->number + side].holder, 0);
  }
  if (written && flushed) writer->taken += writer->work->size;
}

static void be_locker(struct Writer* writer) {
  uint64_t length = 0;
  unsigned char* bytes = buffer(writer, writer->work->size, &length);
  if (!bytes) return;
  const int fd = open(writer->work->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (!went(writer, "open", fd >= 0)) return;
  for (uint32_t round = 1; round <= writer->work->rounds; ++round) {
    if (!went(writer, "lock", lock(fd, writer, F_WRLCK) == 0)) continue;
    write_locked(writer, fd, bytes, round);
    went(writer, "unlock", lock(fd, writer, F_UNLCK) == 0);
  }
  went(writer, "close", close(fd) == 0);
  free(bytes);
}

static struct Allowed allow(const void* self, const uint64_t offset, const struct Stamp* found) {
  const struct Halves* halves = self;
  const uint64_t i = offset / halves->bytes;
  if (i >= halves->count) return (struct Allowed){.right = found == NULL};
  const struct Half* half = &halves->halves[i];
  struct Allowed allowed = {.expected = half->acknowledged};
  if (!found) {
    allowed.right = half->acknowledged.round == 0;
    allowed.lost = !allowed.right;
    return allowed;
  }
  if (found->round == 0 || (found->writer != i && found->writer + 1 != i)) return allowed;
  const struct Block* since = &half->since[found->writer == i ? 0 : 1];
  const bool last = found->writer == half->acknowledged.writer && found->round == half->acknowledged.round;
  const bool later = since->tried > 0 && found->round >= since->acknowledged && found->round <= since->tried;
  allowed.right = last || later;
  allowed.lost = true;  // a neighbour's, of before
  return allowed;
}

static struct Expectation expect_halves(const struct Halves* halves) {
  struct Expectation expectation = {0, halves->count * halves->bytes, allow, halves};
  for (uint64_t i = 0; i < halves->count; ++i) {
    if (halves->halves[i].acknowledged.round > 0) expectation.least = (i + 1) * halves->bytes;
  }
  return expectation;
}

static int conclude_broken(const struct Work* work, struct Halves* halves) {
  const struct Finding finding = {halves->broken, halves->where, halves->held, halves->holder, "lock"};
  return conclude_corrupt(work->file, &finding);
}

int locked_writers(int argc, char** argv) {
  struct Work work = {.size = 65536, .grain = 2 * kWord};
  take_work(&work, argc, argv, kUsage, kTakesFile | kTakesWriters | kTakesSize | kTakesThreads | kVerifies);
  if (!begin(&work)) return 0;
  const uint64_t count = work.writers + 1;
  struct Halves* halves = share(sizeof *halves + count * sizeof halves->halves[0]);
  halves->bytes = work.size / 2;
  halves->count = count;
  const struct Writer* writers = run_writers(&work, (unsigned)work.writers, "locker", be_locker, halves);
  if (halves->broken > 0) return conclude_broken(&work, halves);
  const struct Expectation expectation = expect_halves(halves);
  return finish(&work, writers, (unsigned)work.writers, &expectation);
}
