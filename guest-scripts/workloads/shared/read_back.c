// SPDX-License-Identifier: GPL-2.0-or-later
#include "read_back.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../result.h"

static void fail_step(struct ReadBack* result, const char* step, const int error) {
  if (result->step) return;
  result->step = step;
  result->error = error;
  result->refused = true;
}

static void fail_here(struct ReadBack* result, const char* step, const int error) {
  if (result->step) return;
  result->step = step;
  result->error = error;
}

static void write_seeded(struct ReadBack* result, const int fd, const uint64_t seed, const uint64_t size) {
  unsigned char bytes[4096];
  for (uint64_t at = 0; at < size && !result->step;) {
    const size_t length = size - at < sizeof bytes ? (size_t)(size - at) : sizeof bytes;
    seed_bytes(bytes, length, seed, at);
    const ssize_t n = write(fd, bytes, length);
    if (n <= 0) fail_step(result, "write", n < 0 ? errno : EIO);
    if (n > 0) at += (uint64_t)n;
  }
}

size_t cached_pages(const int fd, const uint64_t size) {
  const size_t pages = (size_t)(size + 4095) / 4096;
  unsigned char* resident = calloc(pages, 1);
  void* map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
  size_t n = 0;
  if (resident && map != MAP_FAILED && mincore(map, size, resident) == 0) {
    for (size_t i = 0; i < pages; ++i) n += resident[i] & 1;
  }
  if (map != MAP_FAILED) munmap(map, size);
  free(resident);
  return n;
}

static void compare_seeded(struct ReadBack* result, const int fd, const uint64_t seed, const uint64_t size) {
  unsigned char bytes[4096];
  uint64_t at = 0;
  for (ssize_t n = 0; at < size && (n = read(fd, bytes, sizeof bytes)) != 0;) {
    if (n < 0) {
      fail_step(result, "read", errno);
      return;
    }
    for (ssize_t i = 0; i < n; ++i, ++at) {
      if (bytes[i] == seeded_byte(seed, at)) continue;
      *result = (struct ReadBack){"compare", 0, false, true, at, seeded_byte(seed, at), bytes[i]};
      return;
    }
  }
  if (at != size) *result = (struct ReadBack){"length", 0, false, true, at, seeded_byte(seed, at), 0};
}

static void close_step(struct ReadBack* result, const char* step, const int fd) {
  if (close(fd) != 0) fail_step(result, step, errno);
}

static void write_and_forget(struct ReadBack* result, const char* path, const uint64_t seed, const uint64_t size) {
  const int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0644);
  if (fd < 0) {
    fail_step(result, "create", errno);
    return;
  }
  write_seeded(result, fd, seed, size);
  if (!result->step && fsync(fd) != 0) fail_step(result, "fsync", errno);
  if (!result->step && posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0) fail_here(result, "posix_fadvise", EIO);
  if (!result->step && cached_pages(fd, size) > 0) fail_here(result, "dropping the cache", EBUSY);
  close_step(result, "close after writing", fd);
}

struct ReadBack write_and_read_back(const char* path, const uint64_t seed, const uint64_t size) {
  struct ReadBack result = {0};
  write_and_forget(&result, path, seed, size);
  if (result.step) return result;
  const int fd = open(path, O_RDONLY);
  if (fd < 0) {
    fail_step(&result, "open", errno);
    return result;
  }
  compare_seeded(&result, fd, seed, size);
  close_step(&result, "close after reading", fd);
  return result;
}
