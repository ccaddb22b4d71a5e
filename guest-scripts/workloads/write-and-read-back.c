// SPDX-License-Identifier: GPL-2.0-or-later

#include "read_back.h"

static const char kUsage[] =
    "usage: write-and-read-back --dir DIR [--seed N] [--size BYTES]\n"
    "Writes a file, fsync, drops it from the cache, reads it again and compares. Ends with {\"result\":\"done\",...},\n"
    "with the errno of the step that failed, or with {\"result\":\"corrupt\",...} and status 1.\n";

int main(int argc, char** argv) {
  const char* folder = NULL;
  uint64_t seed = 1;
  uint64_t size = 32768;
  const struct Option options[] = {{"dir", &folder, NULL}, {"seed", NULL, &seed}, {"size", NULL, &size}, {0}};
  take_options(argc, argv, kUsage, options);
  if (!folder) misuse(kUsage, "expected --dir", "");
  if (size == 0) misuse(kUsage, "expected --size from 1", "0");
  char path[4096];
  snprintf(path, sizeof path, "%s/read-back-%llu", folder, (unsigned long long)seed);

  const struct ReadBack result = write_and_read_back(path, seed, size);
  if (result.corrupt) {
    say("{\"result\":\"corrupt\",\"errno\":null,\"offset\":%llu,\"expected\":%u,\"found\":%u,\"step\":\"%s\"}",
        (unsigned long long)result.offset, result.expected, result.found, result.step);
    return 1;
  }
  if (result.step && !result.refused) give_up(result.step, result.error);
  if (result.step) fprintf(stderr, "%s: %s\n", result.step, strerror(result.error));
  say("{\"result\":\"done\",\"errno\":%s}", json_errno(result.error));
  return 0;
}
