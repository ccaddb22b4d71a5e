// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a workload is asked to do, and as whom.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum Takes {
  kTakesFile = 1,
  kTakesWriters = 2,  // and --rounds
  kTakesSize = 4,
  kTakesThreads = 8,
  kVerifies = 16,
  kTakesChance = 32,
};

struct Work {
  const char* folder;
  const char* file;
  uint64_t seed;
  uint64_t writers;
  uint64_t rounds;
  uint64_t size;  // set before to the program's own; rounded up to a multiple of `grain`
  uint64_t grain;
  uint64_t chance;  // percent
  bool threads;
  bool verify;
  char path[4096];  // folder/file
};

// Lines of a usage text.
#define HELP_WORK                                                                                        \
  "  --dir DIR     where the file lies; --file NAME: its name there\n"                                   \
  "  --seed N      of the data and of all that is left to chance (1): the same seed, the same actions\n" \
  "  --uid N       works as that user, without further groups (as the one that starts it)\n"
#define HELP_WRITERS                                     \
  "  --writers N   from 1 to 1024 (1), each a process\n" \
  "  --rounds N    how often each does its work, from 1 to 1000000 (1)\n"
#define HELP_THREADS "  --threads 1   makes them threads of one process instead\n"
#define HELP_RESULT                                                                                                  \
  "One line for each writer as it ends. The last line is {\"result\":\"done\",\"errno\":...,\"bytes\":N}, with the " \
  "first\n"                                                                                                          \
  "errno that any of them got, or null, and the bytes that were acknowledged (readers: read);\n"                     \
  "{\"result\":\"failed\",\"step\":...} when the work could not be done, status 1"
#define HELP_VERIFY                                                                                               \
  "  --verify 1    empties the file first, and nobody else may write to it; when all writers have ended, drops\n" \
  "                it from the cache, reads all of it, and proves that what was acknowledged is there\n"
#define HELP_CORRUPT                                                                                            \
  "\n{\"result\":\"corrupt\",\"file\":...,\"offset\":N,\"expected\":N,\"found\":N,\"what\":\"lost\"|\"wrong\"|" \
  "\"short\",\"words\":N}\n"                                                                                    \
  "with the first byte that differs and the number of wrong words of 8 bytes, status 1; wrong usage: status 64.\n"
#define HELP_NO_PROOF "; wrong usage: status 64.\n"

// Ends the program on --help, on what it does not know and on values out of range. Becomes the user.
void take_work(struct Work* work, int argc, char** argv, const char* usage, unsigned takes);
