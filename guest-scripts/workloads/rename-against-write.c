// SPDX-License-Identifier: GPL-2.0-or-later

#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#include "../programs.h"
#include "result.h"
#include "shared/parts.h"

static const char kUsage[] =
    "usage: rename-against-write --dir DIR --file NAME [--writers N] [--rounds N] [--size BYTES] [--seed N]\n"
    "                            [--threads 1] [--uid N]\n"
    "In a folder NAME.d: writers named writer-0, writer-1, ... each round open (O_CREAT) a file of their own, 0, 1,\n"
    "..., write all of it, fsync and close it; one more, named renamer, as often renames such a file to 0.moved, ... "
    "or\n"
    "back, or unlinks one of both, by chance and whether or not somebody has it open. After an error all go on; a "
    "name\n"
    "that is not there is no error of the renamer's.\n"
    "Proved at the end: the folder has no other names; N.moved is there or not, as the last step that succeeded left\n"
    "it; N is there when it was opened after the last such step; each word is of a round of its writer, or a hole's;\n"
    "if that writer met no error, no file has holes or a missing end, and all of a file is of one round.\n" HELP_WORK
        HELP_WRITERS HELP_THREADS "  --size BYTES  of a file (65536), rounded up to a multiple of 8\n" HELP_RESULT
    ";" HELP_CORRUPT "\"what\":\"name\" is a name that is not there (expected 1, found 0), or should not be (0, 1).\n";

enum { kPiece = 64 * 1024, kPolls = 100, kPollMs = 50, kPath = 4096 };

// What is known of one writer's files. Ticks count the steps of all.
struct Names {
  uint32_t tried;   // round
  uint64_t opened;  // tick before the writer's last open that succeeded; 0: none
  uint64_t taken;   // tick after the last step that took the writer's name away, or may have
  bool moved;       // N.moved is there
  bool unknown;     // a step on N.moved failed
};

struct Folder {
  char path[kPath];
  atomic_uint_fast64_t ticks;
  struct Names names[kMostWriters];
};

static void name_of(char* path, const struct Folder* folder, const unsigned number, const bool moved) {
  snprintf(path, kPath + 32, "%s/%u%s", folder->path, number, moved ? ".moved" : "");
}

static void write_file(struct Writer* writer, unsigned char* bytes, const uint64_t piece, const uint32_t round) {
  struct Folder* folder = writer->shared;
  struct Names* names = &folder->names[writer->number];
  char path[kPath + 32];
  name_of(path, folder, writer->number, false);
  const uint64_t tick = ++folder->ticks;
  const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (!went(writer, "open", fd >= 0)) return;
  names->opened = tick;
  names->tried = round;
  bool written = true;
  for (uint64_t at = 0; at < writer->work->size && written; at += piece) {
    const uint64_t length = writer->work->size - at < piece ? writer->work->size - at : piece;
    fill(bytes, length, writer->work->seed, at, (struct Stamp){writer->number, round});
    written = put(writer, fd, bytes, length, at);
  }
  const bool flushed = went(writer, "fsync", fsync(fd) == 0);
  if (went(writer, "close", close(fd) == 0) && written && flushed) writer->taken += writer->work->size;
}

static void take_away(struct Writer* writer, struct Chance* chance) {
  struct Folder* folder = writer->shared;
  const unsigned number = (unsigned)draw(chance, writer->work->writers);
  struct Names* names = &folder->names[number];
  char own[kPath + 32], moved[kPath + 32];
  name_of(own, folder, number, false);
  name_of(moved, folder, number, true);
  enum { kMove, kMoveBack, kUnlink, kUnlinkMoved, kSteps };
  const unsigned step = (unsigned)draw(chance, kSteps);
  int error = 0;
  if (step == kMove) error = rename(own, moved);
  if (step == kMoveBack) error = rename(moved, own);
  if (step == kUnlink) error = unlink(own);
  if (step == kUnlinkMoved) error = unlink(moved);
  error = error == 0 ? 0 : errno;
  if (error != ENOENT) went_with(writer, step == kMove || step == kMoveBack ? "rename" : "unlink", error);
  if (error != ENOENT && step != kUnlinkMoved) names->taken = ++folder->ticks;
  if (error == 0 && step != kUnlink) names->moved = step == kMove;
  if (step != kUnlink && error != ENOENT) names->unknown = error != 0;
}

static void be_either(struct Writer* writer) {
  const struct Work* work = writer->work;
  const bool renamer = writer->number == work->writers;
  struct Chance chance = chance_of(work->seed, writer->number);
  uint64_t piece = 0;
  unsigned char* bytes = buffer(writer, kPiece, &piece);
  if (renamer) prctl(PR_SET_NAME, "renamer");
  for (uint32_t round = 1; bytes && round <= work->rounds; ++round) {
    if (renamer) take_away(writer, &chance);
    if (!renamer) write_file(writer, bytes, piece, round);
  }
  free(bytes);
}

// What a file may hold.
struct Content {
  unsigned writer;
  uint32_t tried;
  uint64_t size;
  bool whole;       // each round of the writer's succeeded
  uint32_t* round;  // of the words so far; 0: none yet
};

static struct Allowed allow(const void* self, const uint64_t offset, const struct Stamp* found) {
  const struct Content* content = self;
  if (offset >= content->size) return (struct Allowed){.right = found == NULL};
  struct Allowed allowed = {.right = !content->whole, .lost = true, .expected = {content->writer, *content->round}};
  if (!found) return allowed;
  const bool own = found->round > 0 && found->writer == content->writer && found->round <= content->tried;
  if (*content->round == 0 && own) *content->round = found->round;
  allowed.right = own && (!content->whole || found->round == *content->round);
  allowed.lost = own;
  return allowed;
}

static int conclude_name(const char* name, const unsigned expected) {
  const struct Finding finding = {1, 0, expected, !expected, "name"};
  return conclude_corrupt(name, &finding);
}

// 0: nothing is wrong with it.
static int prove_file(const struct Work* work, const struct Folder* folder, const struct Writer* writer,
                      const bool moved) {
  const struct Names* names = &folder->names[writer->number];
  char path[kPath + 32];
  name_of(path, folder, writer->number, moved);
  const char* name = path + strlen(work->folder) + 1;
  const bool there = access(path, F_OK) == 0;
  if (!there && errno != ENOENT) give_up("verify: access", errno);
  if (moved && !names->unknown && there != names->moved) return conclude_name(name, names->moved);
  if (!moved && names->opened > names->taken && !there) return conclude_name(name, 1);
  if (!there) return 0;
  uint32_t round = 0;
  const struct Content content = {writer->number, names->tried, work->size, writer->errors == 0, &round};
  const struct Expectation expectation = {content.whole ? work->size : 0, work->size, allow, &content};
  const struct Finding finding = verify_file(path, work->seed, &expectation);
  return finding.words > 0 ? conclude_corrupt(name, &finding) : 0;
}

static bool is_known(const char* name, const uint64_t writers) {
  char* end = NULL;
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return true;
  if (!isdigit((unsigned char)name[0])) return false;
  return strtoull(name, &end, 10) < writers && (!*end || strcmp(end, ".moved") == 0);
}

static bool find_unknown(const struct Folder* folder, const uint64_t writers, char* name, const size_t length) {
  DIR* names = opendir(folder->path);
  if (!names) give_up("verify: opendir", errno);
  bool found = false;
  for (const struct dirent* entry = NULL; !found && (entry = readdir(names)) != NULL;) {
    found = !is_known(entry->d_name, writers);
    if (found) snprintf(name, length, "%s", entry->d_name);
  }
  closedir(names);
  return found;
}

// The client removes what was unlinked while it was open (".nfs...") after the last close, in its own time.
static int prove_names(const struct Work* work, const struct Folder* folder) {
  const struct timespec pause = {.tv_nsec = kPollMs * 1000000L};
  char name[256];
  for (int i = 0; find_unknown(folder, work->writers, name, sizeof name); ++i) {
    if (i == kPolls) return conclude_name(name, 0);
    nanosleep(&pause, NULL);
  }
  return 0;
}

// The folder, without what an earlier work left there. False: it cannot be, and the last line is said.
static bool make_folder(const struct Work* work, struct Folder* folder) {
  struct Writer setup = {.work = work};
  char path[kPath + 32];
  const int n = snprintf(folder->path, sizeof folder->path, "%s.d", work->path);
  if (n < 0 || (size_t)n >= sizeof folder->path) give_up("name of the folder", ENAMETOOLONG);
  if (mkdir(folder->path, 0777) != 0) went_with(&setup, "mkdir", errno == EEXIST ? 0 : errno);
  for (unsigned i = 0; i < 2 * work->writers && setup.errors == 0; ++i) {
    name_of(path, folder, i / 2, i % 2 == 1);
    if (unlink(path) != 0) went_with(&setup, "unlink", errno == ENOENT ? 0 : errno);
  }
  return setup.errors == 0 || end_early(work, &setup);
}

int rename_against_write(int argc, char** argv) {
  struct Work work = {.size = 65536, .grain = kWord};
  take_work(&work, argc, argv, kUsage, kTakesFile | kTakesWriters | kTakesSize | kTakesThreads);
  work.verify = true;
  struct Folder* folder = share(sizeof *folder);
  if (!make_folder(&work, folder)) return 0;
  const unsigned count = (unsigned)work.writers + 1;
  const struct Writer* writers = run_writers(&work, count, "writer", be_either, folder);
  int status = 0;
  for (unsigned i = 0; i + 1 < count && status == 0; ++i) {
    status = prove_file(&work, folder, &writers[i], true);
    if (status == 0) status = prove_file(&work, folder, &writers[i], false);
  }
  if (status == 0) status = prove_names(&work, folder);
  return status != 0 ? status : conclude(&work, writers, count);
}
