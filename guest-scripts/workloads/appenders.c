// SPDX-License-Identifier: GPL-2.0-or-later
//
// The other writers of a shared file, as in "echo x >> file": each opens it, appends, closes. Each
// needs the inode's lock, and so shows whether somebody holds it for ever. With several rounds each
// keeps the file open, and every append is written to the server before the next, whether or not the
// last one failed: by sync_file_range(), because fsync() takes a write error out of the open file, and
// the next write would not meet it any more.

#include <fcntl.h>

#include "../programs.h"
#include "result.h"
#include "shared/writers.h"

static const char kUsage[] =
    "usage: appenders --dir DIR --file NAME [--writers N] [--rounds N] [--seed N] [--uid N]\n"
    "Processes named appender-0, appender-1, ... each open the file, append 100 bytes to it --rounds times, and close\n"
    "it. With several rounds the server gets each append before the next, which is tried whether or not one failed. A\n"
    "file that cannot be opened is a result \"failed\".\n" HELP_WORK HELP_WRITERS HELP_RESULT HELP_NO_PROOF;

enum { kBytes = 100 };

static void append_once(struct Writer* writer, const int fd, const unsigned char* bytes, const bool flush) {
  const ssize_t n = write(fd, bytes, kBytes);
  went_with(writer, "write", n == kBytes ? 0 : n < 0 ? errno : EIO);
  const unsigned wait = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  if (flush) went(writer, "sync_file_range", sync_file_range(fd, 0, 0, wait) == 0);
}

static void be_appender(struct Writer* writer) {
  unsigned char bytes[kBytes];
  const int fd = open(writer->work->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (!possible(writer, "open", fd >= 0)) return;
  seed_bytes(bytes, sizeof bytes, writer->work->seed + writer->number, 0);
  for (uint64_t round = 0; round < writer->work->rounds; ++round)
    append_once(writer, fd, bytes, writer->work->rounds > 1);
  if (went(writer, "close", close(fd) == 0) && writer->errors == 0) writer->taken = writer->work->rounds * kBytes;
}

int appenders(int argc, char** argv) {
  struct Work work = {0};
  take_work(&work, argc, argv, kUsage, kTakesFile | kTakesWriters);
  const struct Writer* writers = run_writers(&work, (unsigned)work.writers, "appender", be_appender, NULL);
  return conclude(&work, writers, (unsigned)work.writers);
}
