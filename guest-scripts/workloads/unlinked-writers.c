// SPDX-License-Identifier: GPL-2.0-or-later

#include <fcntl.h>

#include "../programs.h"
#include "result.h"
#include "shared/verify.h"
#include "shared/writers.h"

static const char kUsage[] =
    "usage: unlinked-writers --dir DIR --file NAME [--writers N] [--rounds N] [--size BYTES] [--seed N]\n"
    "                        [--threads 1] [--uid N]\n"
    "Writers named unlinked-0, unlinked-1, ... each round make a file NAME.N, unlink it while it is open (the NFS\n"
    "client renames it to .nfs... until its last close), write all of it, fsync, and read it again past the cache:\n"
    "what fsync had acknowledged has to be there.\n" HELP_WORK HELP_WRITERS HELP_THREADS
    "  --size BYTES  of a file (65536), rounded up to a multiple of 4096\n" HELP_RESULT ";" HELP_CORRUPT;

enum { kPiece = 64 * 1024, kPage = 4096, kPath = 4096 + 32 };

static struct Allowed allow(const void* self, const uint64_t offset, const struct Stamp* found) {
  const struct Stamp* own = self;
  (void)offset;
  const bool right = found && found->writer == own->writer && found->round == own->round;
  return (struct Allowed){.right = right, .lost = !right, .expected = *own};
}

static bool write_all(struct Writer* writer, const int fd, unsigned char* bytes, const uint64_t piece,
                      const struct Stamp stamp) {
  const struct Work* work = writer->work;
  for (uint64_t at = 0; at < work->size; at += piece) {
    const uint64_t length = work->size - at < piece ? work->size - at : piece;
    fill(bytes, length, work->seed, at, stamp);
    if (!put(writer, fd, bytes, length, at)) return false;
  }
  return went(writer, "fsync", fsync(fd) == 0);
}

static void read_again(struct Writer* writer, const int fd, unsigned char* bytes, const uint64_t piece,
                       const struct Stamp stamp) {
  const struct Work* work = writer->work;
  struct Finding* finding = (struct Finding*)writer->shared + writer->number;
  const struct Expectation expectation = {work->size, work->size, allow, &stamp};
  if (!possible(writer, "dropping the cache", pass_cache_by(fd))) return;
  uint64_t at = 0;
  ssize_t n = 0;
  while (at < work->size && (n = pread(fd, bytes, piece, (off_t)at)) > 0) {
    compare(finding, &expectation, work->seed, at, bytes, (size_t)n);
    at += (uint64_t)n;
  }
  if (went(writer, "read", n >= 0)) compare_length(finding, &expectation, work->seed, at);
}

static void be_unlinked(struct Writer* writer) {
  char path[kPath];
  uint64_t piece = 0;
  unsigned char* bytes = buffer(writer, kPiece, &piece);
  snprintf(path, sizeof path, "%s.%u", writer->work->path, writer->number);
  for (uint32_t round = 1; bytes && round <= writer->work->rounds; ++round) {
    const struct Stamp stamp = {writer->number, round};
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (!went(writer, "open", fd >= 0)) continue;
    if (went(writer, "unlink", unlink(path) == 0) && write_all(writer, fd, bytes, piece, stamp)) {
      writer->taken += writer->work->size;
      read_again(writer, fd, bytes, piece, stamp);
    }
    went(writer, "close", close(fd) == 0);
  }
  free(bytes);
}

int unlinked_writers(int argc, char** argv) {
  struct Work work = {.size = 65536, .grain = kPage};
  take_work(&work, argc, argv, kUsage, kTakesFile | kTakesWriters | kTakesSize | kTakesThreads);
  work.verify = true;
  const unsigned count = (unsigned)work.writers;
  struct Finding* findings = share(count * sizeof *findings);
  const struct Writer* writers = run_writers(&work, count, "unlinked", be_unlinked, findings);
  for (unsigned i = 0; i < count; ++i) {
    char name[512];
    snprintf(name, sizeof name, "%s.%u", work.file, i);
    if (findings[i].words > 0) return conclude_corrupt(name, &findings[i]);
  }
  return conclude(&work, writers, count);
}
