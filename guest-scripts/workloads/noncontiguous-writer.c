// SPDX-License-Identifier: GPL-2.0-or-later
//
// One file, one process, a full export: a write that does not adjoin the pending one on its page,
// after the server has refused another page of the same file. That makes the NFS client flush the
// page, and the flush meets the error.

#include <fcntl.h>
#include <sys/stat.h>

#include "../programs.h"
#include "result.h"
#include "shared/data.h"
#include "shared/work.h"

static const char kUsage[] =
    "usage: noncontiguous-writer --dir DIR --file NAME [--seed N] [--uid N] [--chance N]\n"
    "Makes a sparse file of 1 MiB, lets the server refuse its first page, and then writes twice, with a gap,\n"
    "to page 64. Says {\"phase\":\"trigger-due\",...} before the second of these. The last line has the errno that\n"
    "write, fsync or close got, or null; {\"result\":\"failed\",\"step\":...} and status 1 when a step before that "
    "fails;\n"
    "wrong usage: status 64.\n"
    "While there is a file /tmp/hold, it waits with the file open and before any page of it is sent: for a fault\n"
    "that has to come there. That it waits is told by the file /tmp/held, which it makes.\n" HELP_WORK
    "  --chance N    leaves the gap by so many of a hundred seeds, from 1 to 100 (100); by the others the second\n"
    "                write adjoins the first, and nothing is flushed before fsync. \"offset\" says where it goes\n";

enum { kPage = 4096, kTriggerPage = 64, kSecondOffset = 2000, kBytes = 10, kFileSize = 1024 * 1024 };
enum { kCoin = 1 };  // a stream of chance's

static int make_sparse(const char* path) {
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0666);
  if (fd < 0) give_up("create", errno);
  if (ftruncate(fd, kFileSize) != 0) give_up("ftruncate", errno);
  if (close(fd) != 0) give_up("close", errno);
  // Write-only: with O_RDWR the client reads the page first, and an uptodate page has no gap.
  fd = open(path, O_WRONLY);
  if (fd < 0) give_up("open", errno);
  return fd;
}

static int put(const int fd, const uint64_t seed, const size_t length, const off_t offset) {
  unsigned char bytes[kPage];
  seed_bytes(bytes, length, seed, (uint64_t)offset);
  const ssize_t n = pwrite(fd, bytes, length, offset);
  if (n == (ssize_t)length) return 0;
  return n < 0 ? errno : EIO;
}

static void keep_first(int* first, const char** call, const int error, const char* where) {
  if (*first != 0 || error == 0) return;
  *first = error;
  *call = where;
}

static void wait_while_held(void) {
  if (access("/tmp/hold", F_OK) != 0) return;
  const int fd = open("/tmp/held", O_CREAT | O_WRONLY, 0666);
  if (fd < 0) give_up("/tmp/held", errno);
  close(fd);
  while (access("/tmp/hold", F_OK) == 0) usleep(10000);
}

int noncontiguous_writer(int argc, char** argv) {
  struct Work work = {0};
  take_work(&work, argc, argv, kUsage, kTakesFile | kTakesChance);
  const uint64_t seed = work.seed;

  const int fd = make_sparse(work.path);
  struct stat status;
  if (fstat(fd, &status) != 0) give_up("fstat", errno);
  struct Chance coin = chance_of(seed, kCoin);
  const off_t trigger = (off_t)kTriggerPage * kPage;
  const off_t second = trigger + (toss(&coin, work.chance) ? kSecondOffset : kBytes);
  int error = put(fd, seed, kBytes, trigger);
  if (error) give_up("first write to the page", error);
  error = put(fd, seed, kPage, 0);
  if (error) give_up("write of the page to be refused", error);
  wait_while_held();
  if (sync_file_range(fd, 0, kPage, SYNC_FILE_RANGE_WRITE) != 0) give_up("sync_file_range", errno);
  // The reply is there when the page is no longer under writeback. Waiting for that flushes nothing. Its result
  // is of no use: some kernels report the refusal here, others only by fsync.
  const int refused = sync_file_range(fd, 0, kPage, SYNC_FILE_RANGE_WAIT_BEFORE) == 0 ? 0 : errno;

  say("{\"phase\":\"trigger-due\",\"page\":%d,\"offset\":%lld,\"inode\":%llu,\"refused\":%s}", kTriggerPage,
      (long long)second, (unsigned long long)status.st_ino, json_errno(refused));
  int first = 0;
  const char* call = "";
  keep_first(&first, &call, put(fd, seed, kBytes, second), "write");
  keep_first(&first, &call, fsync(fd) == 0 ? 0 : errno, "fsync");
  keep_first(&first, &call, close(fd) == 0 ? 0 : errno, "close");
  say("{\"result\":\"done\",\"errno\":%s,\"call\":%s%s%s}", json_errno(first), first ? "\"" : "", first ? call : "null",
      first ? "\"" : "");
  return 0;
}
