// SPDX-License-Identifier: GPL-2.0-or-later
//
// The other writers of a shared file, as in "echo x >> file": each opens it, appends, closes. Each
// needs the inode's lock, and so shows whether somebody holds it for ever. With several rounds each
// keeps the file open, and every append is written to the server before the next, whether or not the
// last one failed: by sync_file_range(), because fsync() takes a write error out of the open file, and
// the next write would not meet it any more.

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "result.h"

static const char kUsage[] =
    "usage: appenders --dir DIR --file NAME --writers N [--rounds N] [--seed N]\n"
    "Processes named appender-0, appender-1, ... each append to the file --rounds times (1). One line for each, then\n"
    "{\"result\":\"done\",\"errno\":...} with the first errno that any of them got, or null.\n";

enum { kMost = 1024, kMostRounds = 1000000, kBytes = 100 };

// What a writer tells its parent.
struct Outcome {
  bool opened;
  bool ended;
  int error;
};

static int append_once(const int fd, const unsigned char* bytes, const bool flush) {
  const ssize_t n = write(fd, bytes, kBytes);
  int error = n == kBytes ? 0 : n < 0 ? errno : EIO;
  const unsigned wait = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  if (flush && sync_file_range(fd, 0, 0, wait) != 0 && error == 0) error = errno;
  return error;
}

// The first error, or 0.
static int append(const char* path, const uint64_t rounds, const uint64_t seed, bool* opened) {
  unsigned char bytes[kBytes];
  const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0644);
  if (fd < 0) return errno;
  *opened = true;
  seed_bytes(bytes, sizeof bytes, seed, 0);
  int first = 0;
  for (uint64_t round = 0; round < rounds; ++round) {
    const int error = append_once(fd, bytes, rounds > 1);
    if (first == 0) first = error;
  }
  if (close(fd) != 0 && first == 0) first = errno;
  return first;
}

__attribute__((noreturn)) static void be_writer(const unsigned number, const char* path, const uint64_t rounds,
                                                const uint64_t seed, struct Outcome* outcome) {
  char name[16];
  snprintf(name, sizeof name, "appender-%u", number);
  prctl(PR_SET_NAME, name);
  outcome->error = append(path, rounds, seed + number, &outcome->opened);
  outcome->ended = true;
  say("{\"writer\":%u,\"errno\":%s}", number, json_errno(outcome->error));
  _exit(0);
}

int main(int argc, char** argv) {
  const char* folder = NULL;
  const char* file = NULL;
  uint64_t writers = 0;
  uint64_t rounds = 1;
  uint64_t seed = 1;
  const struct Option options[] = {{"dir", &folder, NULL},    {"file", &file, NULL}, {"writers", NULL, &writers},
                                   {"rounds", NULL, &rounds}, {"seed", NULL, &seed}, {0}};
  take_options(argc, argv, kUsage, options);
  if (!folder || !file) misuse(kUsage, "expected --dir and --file", "");
  if (writers < 1 || writers > kMost) misuse(kUsage, "expected --writers from 1 to 1024", "");
  if (rounds < 1 || rounds > kMostRounds) misuse(kUsage, "expected --rounds from 1 to 1000000", "");
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, file);

  struct Outcome* outcomes =
      mmap(NULL, writers * sizeof *outcomes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (outcomes == MAP_FAILED) give_up("mmap", errno);
  for (unsigned i = 0; i < writers; ++i) {
    const pid_t child = fork();
    if (child < 0) give_up("fork", errno);
    if (child == 0) be_writer(i, path, rounds, seed, &outcomes[i]);
  }
  while (wait(NULL) > 0) {
  }

  int first = 0;
  for (unsigned i = 0; i < writers; ++i) {
    if (!outcomes[i].ended) give_up("a writer was killed", EINTR);
    if (!outcomes[i].opened) give_up("open", outcomes[i].error);
    if (first == 0) first = outcomes[i].error;
  }
  say("{\"result\":\"done\",\"errno\":%s}", json_errno(first));
  return 0;
}
