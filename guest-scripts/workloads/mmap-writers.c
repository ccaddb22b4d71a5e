// SPDX-License-Identifier: GPL-2.0-or-later

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../programs.h"
#include "result.h"
#include "shared/parts.h"

static const char kUsage[] =
    "usage: mmap-writers --dir DIR --file NAME [--writers N] [--rounds N] [--size BYTES] [--seed N] [--threads 1]\n"
    "                    [--verify 1] [--uid N]\n"
    "Makes the file as long as all parts, if it is shorter. Then writers named mapper-0, mapper-1, ... each map their\n"
    "own part of it (MAP_SHARED). Each round each changes all of its part and msyncs it (MS_SYNC). After an error the\n"
    "next round is tried; a SIGBUS counts as EFAULT. Acknowledged is a round whose msync returned success.\n" HELP_WORK
        HELP_WRITERS HELP_THREADS
    "  --size BYTES  of a writer's part (65536), rounded up to a multiple of 8; neighbours may share a "
    "page\n" HELP_VERIFY HELP_RESULT ";" HELP_CORRUPT;

enum { kPage = 4096 };

static _Thread_local sigjmp_buf refused;
static _Thread_local volatile sig_atomic_t storing;

static void on_bus_error(const int number) {
  if (storing) siglongjmp(refused, 1);
  signal(number, SIG_DFL);
  raise(number);
}

// The file system may refuse the page on the first store to it.
static bool store(struct Writer* writer, unsigned char* part, const uint32_t round) {
  const struct Work* work = writer->work;
  if (sigsetjmp(refused, 1) != 0) {
    storing = 0;
    return went_with(writer, "SIGBUS", EFAULT);
  }
  storing = 1;
  fill(part, work->size, work->seed, writer->number * work->size, (struct Stamp){writer->number, round});
  storing = 0;
  return true;
}

static void map_and_write(struct Writer* writer, const int fd) {
  struct Ledger* ledger = writer->shared;
  const uint64_t offset = block_offset(ledger, writer->number, 0);
  const uint64_t lead = offset % kPage;
  const uint64_t length = lead + writer->work->size;
  unsigned char* map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(offset - lead));
  if (!went(writer, "mmap", map != MAP_FAILED)) return;
  for (uint32_t round = 1; round <= writer->work->rounds; ++round) {
    mark_tried(ledger, writer->number, round);
    const bool stored = store(writer, map + lead, round);
    if (!went(writer, "msync", msync(map, length, MS_SYNC) == 0) || !stored) continue;
    mark_acknowledged(ledger, writer->number, round);
    writer->taken += writer->work->size;
  }
  munmap(map, length);
}

static void be_mapper(struct Writer* writer) {
  const int fd = open(writer->work->path, O_RDWR | O_CLOEXEC);
  if (!went(writer, "open", fd >= 0)) return;
  map_and_write(writer, fd);
  went(writer, "close", close(fd) == 0);
}

// False: there is no such file, and the last line is said.
static bool lengthen(const struct Work* work) {
  struct Writer setup = {.work = work};
  struct stat status = {0};
  const off_t length = (off_t)(work->writers * work->size);
  const int fd = open(work->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (went(&setup, "open", fd >= 0) && went(&setup, "stat", fstat(fd, &status) == 0) && status.st_size < length)
    went(&setup, "truncate", ftruncate(fd, length) == 0);
  if (fd >= 0) went(&setup, "close", close(fd) == 0);
  return setup.errors == 0 || end_early(work, &setup);
}

int mmap_writers(int argc, char** argv) {
  struct Work work = {.size = 65536, .grain = kWord};
  take_work(&work, argc, argv, kUsage, kTakesFile | kTakesWriters | kTakesSize | kTakesThreads | kVerifies);
  if (!begin(&work) || !lengthen(&work)) return 0;
  signal(SIGBUS, on_bus_error);
  struct Ledger* ledger = make_ledger(&work, work.size);
  const struct Writer* writers = run_writers(&work, (unsigned)work.writers, "mapper", be_mapper, ledger);
  struct Expectation expectation = expect_parts(ledger);
  expectation.least = expectation.most = work.writers * work.size;
  return finish(&work, writers, (unsigned)work.writers, &expectation);
}
