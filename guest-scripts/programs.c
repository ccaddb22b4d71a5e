// SPDX-License-Identifier: GPL-2.0-or-later
//
// Is the program by whose name it was started.
#include "programs.h"

#include <stdio.h>
#include <string.h>

static const struct {
  const char* name;
  int (*program)(int argc, char** argv);
} kPrograms[] = {
    {"appenders", appenders},
    {"clock", clock_jump},
    {"copiers", copiers},
    {"direct-writers", direct_writers},
    {"fsync-storm", fsync_storm},
    {"locked-writers", locked_writers},
    {"memory-hog", memory_hog},
    {"mmap-writers", mmap_writers},
    {"noncontiguous-writer", noncontiguous_writer},
    {"openers", openers},
    {"pinned-writers", pinned_writers},
    {"proof", proof},
    {"quota", quota},
    {"readers", readers},
    {"rename-against-write", rename_against_write},
    {"truncate-against-write", truncate_against_write},
    {"unlinked-writers", unlinked_writers},
    {"write-and-read-back", write_and_read_back_file},
};

int main(int argc, char** argv) {
  const char* slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
  const char* name = slash ? slash + 1 : argc > 0 ? argv[0] : "";
  for (size_t i = 0; i < sizeof kPrograms / sizeof kPrograms[0]; ++i) {
    if (strcmp(name, kPrograms[i].name) == 0) return kPrograms[i].program(argc, argv);
  }
  fprintf(stderr, "expected to be started by the name of a program, found \"%s\"\n", name);
  for (size_t i = 0; i < sizeof kPrograms / sizeof kPrograms[0]; ++i) fprintf(stderr, "  %s\n", kPrograms[i].name);
  return 64;
}
