// SPDX-License-Identifier: GPL-2.0-or-later
#include "work.h"

#include <grp.h>
#include <sys/stat.h>

#include "../result.h"
#include "data.h"

static const uint64_t kMostBytes = 1ull << 40;

static void expect_range(const char* usage, const char* name, const uint64_t found, const uint64_t least,
                         const uint64_t most) {
  if (found >= least && found <= most) return;
  char what[80];
  char text[24];
  snprintf(what, sizeof what, "--%s: expected %llu to %llu", name, (unsigned long long)least, (unsigned long long)most);
  snprintf(text, sizeof text, "%llu", (unsigned long long)found);
  misuse(usage, what, text);
}

static void become(const uint64_t uid) {
  if (setgroups(0, NULL) != 0 && getuid() != uid) give_up("setgroups", errno);
  if (setgid((gid_t)uid) != 0) give_up("setgid", errno);
  if (setuid((uid_t)uid) != 0) give_up("setuid", errno);
}

static void name_file(struct Work* work, const char* usage, const unsigned takes) {
  if (!work->folder) misuse(usage, "expected --dir", "");
  if (!(takes & kTakesFile)) return;
  if (!work->file) misuse(usage, "expected --file", "");
  if (!*work->file || strchr(work->file, '/')) misuse(usage, "--file: expected a name", work->file);
  const int n = snprintf(work->path, sizeof work->path, "%s/%s", work->folder, work->file);
  if (n < 0 || (size_t)n >= sizeof work->path) misuse(usage, "expected a shorter --dir and --file", work->file);
}

void take_work(struct Work* work, int argc, char** argv, const char* usage, const unsigned takes) {
  const uint64_t nobody = UINT64_MAX;
  uint64_t uid = nobody, threads = 0, verify = 0;
  struct Option options[11] = {{"dir", &work->folder, NULL}, {"seed", NULL, &work->seed}, {"uid", NULL, &uid}};
  struct Option* next = options + 3;
  work->seed = work->writers = work->rounds = 1;
  work->chance = 100;
  if (takes & kTakesFile) *next++ = (struct Option){"file", &work->file, NULL};
  if (takes & kTakesWriters) *next++ = (struct Option){"writers", NULL, &work->writers};
  if (takes & kTakesWriters) *next++ = (struct Option){"rounds", NULL, &work->rounds};
  if (takes & kTakesSize) *next++ = (struct Option){"size", NULL, &work->size};
  if (takes & kTakesThreads) *next++ = (struct Option){"threads", NULL, &threads};
  if (takes & kVerifies) *next++ = (struct Option){"verify", NULL, &verify};
  if (takes & kTakesChance) *next++ = (struct Option){"chance", NULL, &work->chance};
  take_options(argc, argv, usage, options);
  name_file(work, usage, takes);
  expect_range(usage, "writers", work->writers, 1, kMostWriters);
  expect_range(usage, "rounds", work->rounds, 1, kMostRounds);
  if (takes & kTakesSize) expect_range(usage, "size", work->size, 1, kMostBytes);
  if (takes & kTakesChance) expect_range(usage, "chance", work->chance, 1, 100);
  expect_range(usage, "threads", threads, 0, 1);
  expect_range(usage, "verify", verify, 0, 1);
  if (uid != nobody) expect_range(usage, "uid", uid, 0, UINT32_MAX - 1);
  const uint64_t grain = work->grain ? work->grain : 1;
  work->size = (work->size + grain - 1) / grain * grain;
  work->threads = threads == 1;
  work->verify = verify == 1;
  umask(0);  // what one user made, another may write to in the next step
  if (uid != nobody) become(uid);
}
