// SPDX-License-Identifier: GPL-2.0-or-later

#include "../programs.h"
#include "result.h"
#include "shared/read_back.h"
#include "shared/work.h"

static const char kUsage[] =
    "usage: write-and-read-back --dir DIR [--seed N] [--size BYTES] [--uid N]\n"
    "Writes a file of --size bytes (32768), fsync, drops it from the cache, reads it again and compares. Ends with\n"
    "{\"result\":\"done\",...}, with the errno of the step that failed, or with {\"result\":\"corrupt\",...} and "
    "status 1;\n"
    "{\"result\":\"failed\",\"step\":...} and status 1 when the cache could not be dropped; wrong usage: status 64.\n"
    "  --dir DIR     where the file lies; its name there is read-back-SEED\n"
    "  --seed N      of the data (1)\n"
    "  --uid N       works as that user, without further groups (as the one that starts it)\n";

int write_and_read_back_file(int argc, char** argv) {
  struct Work work = {.size = 32768};
  take_work(&work, argc, argv, kUsage, kTakesSize);
  char path[4096];
  snprintf(path, sizeof path, "%s/read-back-%llu", work.folder, (unsigned long long)work.seed);

  const struct ReadBack result = write_and_read_back(path, work.seed, work.size);
  if (result.corrupt) {
    say("{\"result\":\"corrupt\",\"file\":\"read-back-%llu\",\"errno\":null,\"offset\":%llu,\"expected\":%u,\"found\":%"
        "u,\"what\":\"%s\"}",
        (unsigned long long)work.seed, (unsigned long long)result.offset, result.expected, result.found,
        strcmp(result.step, "length") == 0 ? "short" : "wrong");
    return 1;
  }
  if (result.step && !result.refused) give_up(result.step, result.error);
  if (result.step) fprintf(stderr, "%s: %s\n", result.step, strerror(result.error));
  say("{\"result\":\"done\",\"errno\":%s}", json_errno(result.error));
  return 0;
}
