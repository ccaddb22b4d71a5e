// SPDX-License-Identifier: GPL-2.0-or-later

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "../programs.h"
#include "result.h"
#include "shared/parts.h"

static const char kUsage[] =
    "usage: readers --dir DIR --file NAME [--writers N] [--rounds N] [--size BYTES] [--seed N] [--threads 1]\n"
    "               [--uid N]\n"
    "Readers named reader-0, reader-1, ... each round open the file, read all of it past the cache (O_DIRECT; where\n"
    "the filesystem has no such reads, after dropping it), and close it. A round ends with its first error. Each\n"
    "word of 8 bytes must be a hole's, or one that copiers, locked-, direct-, mmap- or pinned-writers, fsync-storm or\n"
    "truncate-against-write of the same --seed write at that place, in any round. One that is neither is read again,\n"
    "20 times in 1 s, because a write may be half done.\n" HELP_WORK HELP_WRITERS HELP_THREADS
    "  --size BYTES  of one read (65536), rounded up to a multiple of 4096\n" HELP_RESULT ";" HELP_CORRUPT;

enum { kPage = 4096, kTries = 20, kPauseMs = 50 };

struct Findings {
  struct Finding of[kMostWriters];
};

static struct Allowed allow(const void* self, const uint64_t offset, const struct Stamp* found) {
  (void)self;
  (void)offset;
  return (struct Allowed){.right = !found || found->round > 0};
}

static const struct Expectation kAnything = {0, UINT64_MAX, allow, NULL};

// Until what is there is whole. False: an error.
static ssize_t read_whole(struct Writer* writer, const int fd, unsigned char* bytes, const uint64_t at,
                          struct Finding* finding) {
  const struct timespec pause = {.tv_nsec = kPauseMs * 1000000L};
  for (int i = 0;; ++i) {
    const ssize_t n = pread(fd, bytes, writer->work->size, (off_t)at);
    if (!went(writer, "read", n >= 0) || n == 0) return n;
    *finding = (struct Finding){0};
    compare(finding, &kAnything, writer->work->seed, at, bytes, (size_t)n / kWord * kWord);
    if (finding->words == 0 || i == kTries) return n;
    nanosleep(&pause, NULL);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  }
}

static void read_file(struct Writer* writer, const int fd, unsigned char* bytes) {
  struct Finding* first = &((struct Findings*)writer->shared)->of[writer->number];
  uint64_t at = 0;
  for (ssize_t n = kPage; n > 0 && n % kPage == 0; at += (uint64_t)n) {
    struct Finding finding = {0};
    n = read_whole(writer, fd, bytes, at, &finding);
    if (n <= 0) return;
    writer->taken += (uint64_t)n;
    if (finding.words > 0 && first->words == 0) *first = finding;
  }
}

static int open_past_cache(struct Writer* writer) {
  const int direct = open(writer->work->path, O_RDONLY | O_DIRECT | O_CLOEXEC);
  if (direct >= 0 || errno != EINVAL) return went(writer, "open", direct >= 0) ? direct : -1;
  const int fd = open(writer->work->path, O_RDONLY | O_CLOEXEC);
  if (!went(writer, "open", fd >= 0)) return -1;
  if (!went(writer, "dropping the cache", posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0)) return close(fd), -1;
  return fd;
}

static void be_reader(struct Writer* writer) {
  uint64_t length = 0;
  unsigned char* bytes = buffer(writer, writer->work->size, &length);
  for (uint32_t round = 1; bytes && round <= writer->work->rounds; ++round) {
    const int fd = open_past_cache(writer);
    if (fd < 0) continue;
    read_file(writer, fd, bytes);
    went(writer, "close", close(fd) == 0);
  }
  free(bytes);
}

int readers(int argc, char** argv) {
  struct Work work = {.size = 65536, .grain = kPage};
  take_work(&work, argc, argv, kUsage, kTakesFile | kTakesWriters | kTakesSize | kTakesThreads);
  struct Findings* findings = share(sizeof *findings);
  const struct Writer* readers = run_writers(&work, (unsigned)work.writers, "reader", be_reader, findings);
  for (uint64_t i = 0; i < work.writers; ++i) {
    if (findings->of[i].words > 0) return conclude_corrupt(work.file, &findings->of[i]);
  }
  return conclude(&work, readers, (unsigned)work.writers);
}
