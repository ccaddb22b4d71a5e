// SPDX-License-Identifier: GPL-2.0-or-later

#include <linux/magic.h>
#include <sys/vfs.h>

#include "programs.h"
#include "workloads/result.h"
#include "workloads/shared/read_back.h"

static const char kUsage[] =
    "usage: proof [--dir DIR]\n"
    "Shows that the mount (/mnt) takes data and gives the same data back from the server. Prints\n"
    "{\"proof\":\"ok\",\"bytes\":N}, or {\"proof\":\"failed\",...} with the step that failed and status 1.\n";

static int disprove(const char* step, const int error) {
  fprintf(stderr, "%s: %s\n", step, error ? strerror(error) : "not the data that was written");
  say("{\"proof\":\"failed\",\"step\":\"%s\",\"errno\":%s}", step, json_errno(error));
  return 1;
}

int proof(int argc, char** argv) {
  const uint64_t size = 16384;
  const char* folder = "/mnt";
  const struct Option options[] = {{"dir", &folder, NULL}, {0}};
  take_options(argc, argv, kUsage, options);
  struct statfs filesystem;
  if (statfs(folder, &filesystem) != 0) return disprove("statfs", errno);
  if (filesystem.f_type != NFS_SUPER_MAGIC) return disprove("looking for an NFS mount", ENODEV);
  char path[4096];
  snprintf(path, sizeof path, "%s/proof", folder);

  const struct ReadBack result = write_and_read_back(path, (uint64_t)getpid(), size);
  if (result.corrupt) {
    fprintf(stderr, "at %llu expected %u, found %u\n", (unsigned long long)result.offset, result.expected,
            result.found);
  }
  if (result.step) return disprove(result.step, result.error);
  say("{\"proof\":\"ok\",\"bytes\":%llu}", (unsigned long long)size);
  return 0;
}
