// SPDX-License-Identifier: GPL-2.0-or-later
//
// The programs that run for the host: started, listened to, ended. Nothing here waits.
#pragma once

#include <poll.h>

enum {
  kPrograms = 64,                      // at once
  kArguments = 64,                     // of one program, itself included
  kProgramDescriptors = 3 * kPrograms  // to poll at most
};

// Starts arguments[0], an absolute path; a NULL ends the list. Reports "started" when exec has succeeded, or "failed".
void run(unsigned long id, char** arguments);

// Sends a signal to the program's process group.
void kill_group(unsigned long id, int number);

// Adds what has to be polled, and returns the new count.
nfds_t gather_programs(struct pollfd* set, nfds_t n);

// Takes what the programs have written.
void serve_programs(void);

// Takes the end of every child, orphans included, and reports those of programs, after all of their output.
void reap(void);
