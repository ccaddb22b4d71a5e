// SPDX-License-Identifier: GPL-2.0-or-later
//
// The writers of a workload: processes, or threads of one.
#pragma once

#include "work.h"

// One of them, in memory that all of them share. Its own process or thread alone writes to it.
struct Writer {
  const struct Work* work;
  void* shared;  // the program's own, see share()
  unsigned number;
  bool ended;
  bool impossible;   // `call` failed here, which is no result of the filesystem's
  int error;         // the first that it met, or 0
  const char* call;  // that met it
  uint64_t when;     // in ns of the monotonic clock
  uint64_t errors;   // how many calls failed
  uint64_t taken;    // bytes that the server acknowledged
};

// Memory that the writers share, zeroed. Ends the program when there is none.
void* share(uint64_t bytes);

// Starts `count` of them, named "<name>-<number>", and waits for the end of all. Ends the program, with a result
// "failed", when one cannot be started or is killed.
struct Writer* run_writers(const struct Work* work, unsigned count, const char* name, void (*body)(struct Writer*),
                           void* shared);

// Keeps the first error. `success` again.
bool went(struct Writer* writer, const char* call, bool success);    // errno says why
bool went_with(struct Writer* writer, const char* call, int error);  // 0 is success
// For calls that no filesystem can make fail.
bool possible(struct Writer* writer, const char* call, bool success);

// All of it, or false.
bool put(struct Writer* writer, int fd, const unsigned char* bytes, uint64_t length, uint64_t offset);

// A buffer of at most `most` bytes and no more than the work's size, aligned to pages. NULL: noted as impossible.
unsigned char* buffer(struct Writer* writer, uint64_t most, uint64_t* length);

// The last line, and the program's status: no writer found anything wrong with the data.
int conclude(const struct Work* work, const struct Writer* writers, unsigned count);
