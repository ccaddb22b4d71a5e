// SPDX-License-Identifier: GPL-2.0-or-later
#include "writers.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "../result.h"

enum { kStack = 256 * 1024, kPage = 4096 };

struct Start {
  struct Writer* writer;
  const char* name;
  void (*body)(struct Writer*);
};

void* share(const uint64_t bytes) {
  void* memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) give_up("shared memory", errno);
  return memory;
}

static void be_writer(const struct Start* start) {
  struct Writer* writer = start->writer;
  char name[16];
  snprintf(name, sizeof name, "%.10s-%u", start->name, writer->number % 10000);
  prctl(PR_SET_NAME, name);
  start->body(writer);
  writer->ended = true;
  say("{\"writer\":%u,\"errno\":%s,\"errors\":%llu,\"bytes\":%llu}", writer->number, json_errno(writer->error),
      (unsigned long long)writer->errors, (unsigned long long)writer->taken);
}

static void* be_thread(void* start) {
  be_writer(start);
  return NULL;
}

static void run_threads(const struct Start* starts, const unsigned count) {
  pthread_t* threads = share(count * sizeof *threads);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  for (unsigned i = 0; i < count; ++i) {
    const int error = pthread_create(&threads[i], &attributes, be_thread, (void*)&starts[i]);
    if (error) give_up("pthread_create", error);
  }
  for (unsigned i = 0; i < count; ++i) pthread_join(threads[i], NULL);
}

static void run_processes(const struct Start* starts, const unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child < 0) give_up("fork", errno);
    if (child > 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    be_writer(&starts[i]);
    _exit(0);
  }
  while (wait(NULL) > 0 || errno == EINTR) {
  }
}

struct Writer* run_writers(const struct Work* work, const unsigned count, const char* name,
                           void (*body)(struct Writer*), void* shared) {
  struct Writer* writers = share(count * sizeof *writers);
  struct Start* starts = share(count * sizeof *starts);
  for (unsigned i = 0; i < count; ++i) {
    writers[i] = (struct Writer){.work = work, .shared = shared, .number = i};
    starts[i] = (struct Start){&writers[i], name, body};
  }
  if (work->threads) {
    run_threads(starts, count);
  } else {
    run_processes(starts, count);
  }
  for (unsigned i = 0; i < count; ++i) {
    if (!writers[i].ended) give_up("a writer was killed", EINTR);
    if (writers[i].impossible) give_up(writers[i].call, writers[i].error);
  }
  return writers;
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

bool went_with(struct Writer* writer, const char* call, const int error) {
  if (error == 0) return true;
  if (writer->errors++ == 0) {
    writer->error = error;
    writer->call = call;
    writer->when = now();
  }
  return false;
}

bool went(struct Writer* writer, const char* call, const bool success) {
  return went_with(writer, call, success ? 0 : errno);
}

bool possible(struct Writer* writer, const char* call, const bool success) {
  if (success || writer->impossible) return success;
  writer->impossible = true;
  writer->error = errno;
  writer->call = call;
  return false;
}

bool put(struct Writer* writer, const int fd, const unsigned char* bytes, const uint64_t length,
         const uint64_t offset) {
  for (uint64_t at = 0; at < length;) {
    const ssize_t n = pwrite(fd, bytes + at, length - at, (off_t)(offset + at));
    if (n <= 0) return went_with(writer, "write", n < 0 ? errno : EIO);
    at += (uint64_t)n;
  }
  return true;
}

unsigned char* buffer(struct Writer* writer, const uint64_t most, uint64_t* length) {
  *length = writer->work->size < most ? writer->work->size : most;
  void* bytes = NULL;
  errno = posix_memalign(&bytes, kPage, (*length + kPage - 1) / kPage * kPage);
  return possible(writer, "memory for the data", errno == 0) ? bytes : NULL;
}

int conclude(const struct Work* work, const struct Writer* writers, const unsigned count) {
  const struct Writer* first = NULL;
  uint64_t errors = 0, taken = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (writers[i].error && (!first || writers[i].when < first->when)) first = &writers[i];
    errors += writers[i].errors;
    taken += writers[i].taken;
  }
  char call[48] = "null";
  if (first) snprintf(call, sizeof call, "\"%s\"", first->call);
  say("{\"result\":\"done\",\"errno\":%s,\"call\":%s,\"errors\":%llu,\"bytes\":%llu,\"verified\":%s}",
      json_errno(first ? first->error : 0), call, (unsigned long long)errors, (unsigned long long)taken,
      work->verify ? "true" : "false");
  return 0;
}
