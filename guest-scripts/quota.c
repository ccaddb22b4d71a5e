// SPDX-License-Identifier: GPL-2.0-or-later

#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "programs.h"
#include "workloads/result.h"

static const char kUsage[] =
    "usage: quota PATH UID BYTES\n"
    "Limits what user UID may have on the filesystem mounted at PATH (hard limit of blocks) to BYTES, rounded up to\n"
    "1024; 0: no limit. Prints what the filesystem then says:\n"
    "{\"quota\":PATH,\"uid\":N,\"limit\":BYTES,\"used\":BYTES}. Status 1: it has no quota for users; 64: wrong "
    "usage.\n";

enum { kUnit = 1024 };  // QIF_DQBLKSIZE of linux/quota.h

// The block device that PATH's filesystem lies on, by its number.
static void device_of(const char* path, char* device, const size_t length) {
  struct stat status;
  if (stat(path, &status) != 0) give_up(path, errno);
  char link[64];
  char target[256];
  snprintf(link, sizeof link, "/sys/dev/block/%u:%u", major(status.st_dev), minor(status.st_dev));
  const ssize_t n = readlink(link, target, sizeof target - 1);
  if (n < 0) give_up("looking for the block device of the filesystem", errno);
  target[n] = '\0';
  const char* slash = strrchr(target, '/');
  snprintf(device, length, "/dev/%s", slash ? slash + 1 : target);
}

int quota(int argc, char** argv) {
  if (argc == 2 && strcmp(argv[1], "--help") == 0) return fputs(kUsage, stdout) < 0;
  if (argc != 4) misuse(kUsage, "expected PATH UID BYTES", argc > 1 ? argv[1] : "");
  uint64_t uid = 0, bytes = 0;
  take_option(kUsage, &(const struct Option){"UID", NULL, &uid}, argv[2]);
  take_option(kUsage, &(const struct Option){"BYTES", NULL, &bytes}, argv[3]);
  if (uid > INT32_MAX) misuse(kUsage, "UID: expected at most 2147483647", argv[2]);
  char device[300];
  device_of(argv[1], device, sizeof device);
  struct dqblk wanted = {.dqb_bhardlimit = (bytes + kUnit - 1) / kUnit, .dqb_valid = QIF_BLIMITS};
  if (quotactl(QCMD(Q_SETQUOTA, USRQUOTA), device, (int)uid, (char*)&wanted) != 0) give_up("Q_SETQUOTA", errno);
  struct dqblk got = {0};
  if (quotactl(QCMD(Q_GETQUOTA, USRQUOTA), device, (int)uid, (char*)&got) != 0) give_up("Q_GETQUOTA", errno);
  say("{\"quota\":\"%s\",\"uid\":%llu,\"limit\":%llu,\"used\":%llu}", argv[1], (unsigned long long)uid,
      (unsigned long long)got.dqb_bhardlimit * kUnit, (unsigned long long)got.dqb_curspace);
  return 0;
}
