// SPDX-License-Identifier: GPL-2.0-or-later

#include <fcntl.h>

#include "../programs.h"
#include "result.h"
#include "shared/writers.h"

static const char kUsage[] =
    "usage: openers --dir DIR --file NAME [--writers N] [--rounds N] [--seed N] [--uid N]\n"
    "Processes named opener-0, opener-1, ... each open the file for writing (O_CREAT) and close it, --rounds times,\n"
    "whether or not the last one failed. Says {\"phase\":\"opening\",\"writer\":N} before the first.\n" HELP_WORK
        HELP_WRITERS HELP_RESULT HELP_NO_PROOF;

static void be_opener(struct Writer* writer) {
  say("{\"phase\":\"opening\",\"writer\":%u}", writer->number);
  for (uint32_t round = 1; round <= writer->work->rounds; ++round) {
    const int fd = open(writer->work->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (went(writer, "open", fd >= 0)) went(writer, "close", close(fd) == 0);
  }
}

int openers(int argc, char** argv) {
  struct Work work = {0};
  take_work(&work, argc, argv, kUsage, kTakesFile | kTakesWriters);
  const struct Writer* writers = run_writers(&work, (unsigned)work.writers, "opener", be_opener, NULL);
  return conclude(&work, writers, (unsigned)work.writers);
}
