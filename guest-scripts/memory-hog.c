// SPDX-License-Identifier: GPL-2.0-or-later

#include <fcntl.h>
#include <sys/mman.h>

#include "programs.h"
#include "workloads/result.h"

static const char kUsage[] =
    "usage: memory-hog PERCENT\n"
    "Takes PERCENT (1 to 100) of the memory that is available now (MemAvailable), 256 KiB by 256 KiB, and locks it. "
    "Prints\n"
    "{\"taken\":BYTES,\"available\":BYTES}, and keeps it until killed. Takes less when the kernel gives no more, and "
    "then\n"
    "says so on stderr; it is not to be killed for it (oom_score_adj -1000). Status 64: wrong usage.\n";

enum { kPage = 4096, kPiece = 64 * kPage };

// In bytes; 0: not known.
static uint64_t available(void) {
  FILE* file = fopen("/proc/meminfo", "re");
  char line[128];
  unsigned long long kilobytes = 0;
  while (file && fgets(line, sizeof line, file) && sscanf(line, "MemAvailable: %llu kB", &kilobytes) != 1) {
  }
  if (file) fclose(file);
  return kilobytes * 1024;
}

static void be_spared(void) {
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "-1000", 5) != 5) give_up("oom_score_adj", errno);
  close(fd);
}

static uint64_t take(const uint64_t bytes) {
  unsigned char* memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) give_up("mmap", errno);
  madvise(memory, bytes, MADV_NOHUGEPAGE);  // fails where there are none
  for (uint64_t at = 0; at < bytes; at += kPiece) {
    const uint64_t length = bytes - at < kPiece ? bytes - at : kPiece;
    if (mlock(memory + at, length) == 0) continue;
    fprintf(stderr, "mlock: %s\n", strerror(errno));
    return at;
  }
  return bytes;
}

int memory_hog(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "--help") == 0) return fputs(kUsage, stdout) < 0;
  if (argc != 2) misuse(kUsage, "expected PERCENT", argc > 2 ? argv[2] : "");
  uint64_t percent = 0;
  take_option(kUsage, &(const struct Option){"PERCENT", NULL, &percent}, argv[1]);
  if (percent < 1 || percent > 100) misuse(kUsage, "expected PERCENT from 1 to 100", argv[1]);
  be_spared();
  const uint64_t all = available();
  if (all == 0) give_up("MemAvailable", ENODATA);
  const uint64_t taken = take(all / 100 * percent / kPage * kPage);
  say("{\"taken\":%llu,\"available\":%llu}", (unsigned long long)taken, (unsigned long long)all);
  for (;;) pause();
}
