// SPDX-License-Identifier: GPL-2.0-or-later

#include <time.h>

#include "programs.h"
#include "workloads/result.h"

static const char kUsage[] =
    "usage: clock SECONDS\n"
    "Sets the clock (CLOCK_REALTIME) by so much forward, or back when SECONDS is negative. Prints\n"
    "{\"clock\":SECONDS,\"before\":SECONDS,\"after\":SECONDS}, the last two since 1970. Status 64: wrong usage.\n";

static const long long kMost = 1000000000;

int clock_jump(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "--help") == 0) return fputs(kUsage, stdout) < 0;
  if (argc != 2) misuse(kUsage, "expected SECONDS", argc > 2 ? argv[2] : "");
  char* end = NULL;
  errno = 0;
  const long long shift = strtoll(argv[1], &end, 10);
  const char* digits = argv[1][0] == '-' ? argv[1] + 1 : argv[1];
  if (!isdigit((unsigned char)digits[0]) || *end || errno || shift > kMost || shift < -kMost)
    misuse(kUsage, "expected a whole number of SECONDS, at most 1000000000 either way", argv[1]);
  struct timespec before, after;
  if (clock_gettime(CLOCK_REALTIME, &before) != 0) give_up("clock_gettime", errno);
  after = before;
  after.tv_sec += (time_t)shift;
  if (clock_settime(CLOCK_REALTIME, &after) != 0) give_up("clock_settime", errno);
  if (clock_gettime(CLOCK_REALTIME, &after) != 0) give_up("clock_gettime", errno);
  say("{\"clock\":%lld,\"before\":%lld,\"after\":%lld}", shift, (long long)before.tv_sec, (long long)after.tv_sec);
  return 0;
}
