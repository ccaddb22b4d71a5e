// SPDX-License-Identifier: GPL-2.0-or-later
#include "verify.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../result.h"
#include "read_back.h"

enum { kPiece = 128 * 1024, kPage = 4096, kTries = 3 };

static void note(struct Finding* finding, const char* what, const uint64_t offset, const unsigned expected,
                 const unsigned found) {
  if (finding->words++ > 0) return;
  finding->what = what;
  finding->offset = offset;
  finding->expected = expected;
  finding->found = found;
}

static uint64_t expected_word(const uint64_t seed, const uint64_t offset, const struct Stamp expected) {
  return expected.round == 0 ? 0 : data_word(seed, offset, expected);
}

static void compare_word(struct Finding* finding, const struct Expectation* expectation, const uint64_t seed,
                         const uint64_t offset, const unsigned char* bytes, const size_t length) {
  uint64_t word = 0;
  memcpy(&word, bytes, length);
  struct Stamp stamp = {0};
  const struct Stamp* found = NULL;
  if (word != 0 && (length < kWord || !read_stamp(seed, offset, word, &stamp))) stamp = (struct Stamp){0};
  if (word != 0) found = &stamp;
  const struct Allowed allowed = expectation->word(expectation->self, offset, found);
  if (allowed.right) return;
  const uint64_t expected = expected_word(seed, offset, allowed.expected);
  for (size_t i = 0; i < length; ++i) {
    const unsigned byte = (unsigned char)(expected >> i * 8);
    if (byte == bytes[i]) continue;
    note(finding, allowed.lost ? "lost" : "wrong", offset + i, byte, bytes[i]);
    return;
  }
}

void compare(struct Finding* finding, const struct Expectation* expectation, const uint64_t seed, const uint64_t offset,
             const unsigned char* bytes, const size_t length) {
  for (size_t at = 0; at < length; at += kWord) {
    const size_t rest = length - at < kWord ? length - at : kWord;
    compare_word(finding, expectation, seed, offset + at, bytes + at, rest);
  }
}

void compare_length(struct Finding* finding, const struct Expectation* expectation, const uint64_t seed,
                    const uint64_t length) {
  if (length > expectation->most) note(finding, "wrong", expectation->most, 0, 0);
  if (length >= expectation->least) return;
  const uint64_t offset = length / kWord * kWord;
  const struct Allowed allowed = expectation->word(expectation->self, offset, NULL);
  const uint64_t expected = expected_word(seed, offset, allowed.expected);
  note(finding, "short", length, (unsigned char)(expected >> length % kWord * 8), 0);
  finding->words += (expectation->least - length - 1) / kWord;
}

bool pass_cache_by(const int fd) {
  struct stat status;
  bool flushed = false;
  for (int i = 0; i < kTries; ++i) {
    flushed = fsync(fd) == 0;  // may say what an earlier writer was told: once
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (!flushed) continue;
    if (fstat(fd, &status) != 0) return false;
    if (status.st_size == 0 || cached_pages(fd, (uint64_t)status.st_size) == 0) return true;
  }
  return flushed && fcntl(fd, F_SETFL, O_DIRECT) == 0;
}

static void compare_file(struct Finding* finding, const int fd, const uint64_t seed,
                         const struct Expectation* expectation) {
  unsigned char* bytes = NULL;
  errno = posix_memalign((void**)&bytes, kPage, kPiece);
  if (errno) give_up("verify: memory", errno);
  uint64_t at = 0;
  for (;;) {
    const ssize_t n = pread(fd, bytes, kPiece, (off_t)at);
    if (n < 0) give_up("verify: read", errno);
    compare(finding, expectation, seed, at, bytes, (size_t)n);
    at += (uint64_t)n;
    if (n == 0 || n % kPage != 0) break;  // the end, or so near that O_DIRECT could not go on
  }
  struct stat status;
  if (fstat(fd, &status) != 0) give_up("verify: stat", errno);
  if ((uint64_t)status.st_size > at) give_up("verify: read to the end", EIO);
  compare_length(finding, expectation, seed, at);
  free(bytes);
}

struct Finding verify_file(const char* path, const uint64_t seed, const struct Expectation* expectation) {
  struct Finding finding = {0};
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) give_up("verify: open", errno);
  if (!pass_cache_by(fd)) give_up("verify: dropping the cache", errno);
  compare_file(&finding, fd, seed, expectation);
  close(fd);
  return finding;
}

int conclude_corrupt(const char* file, const struct Finding* finding) {
  say("{\"result\":\"corrupt\",\"file\":\"%s\",\"offset\":%llu,\"expected\":%u,\"found\":%u,\"errno\":null,"
      "\"what\":\"%s\",\"words\":%llu}",
      file, (unsigned long long)finding->offset, finding->expected, finding->found, finding->what,
      (unsigned long long)finding->words);
  return 1;
}
