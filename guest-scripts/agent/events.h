// SPDX-License-Identifier: GPL-2.0-or-later
//
// What is to be told to the host: JSON objects, one a line, in a bounded queue.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
  kLine = 8192,                        // longest output line reported whole
  kQueue = 1024 * 1024,                // bytes the host has not read yet
  kQueueForOutput = kQueue / 2,        // above it output lines are dropped
  kQueueForCommands = kQueue * 3 / 4,  // above it no command is read; the rest is kept for ends
};

// Writes `text` as the inside of a JSON string: what is not UTF-8 byte by byte as \u00XX. `out` holds 6 x `length` + 1
// bytes. Returns the length written.
size_t escape(const char* text, size_t length, char* out);

// Queues {"event":NAME,<fields>,"uptime":S}. False when that would fill the queue above `limit`.
__attribute__((format(printf, 3, 4))) bool event(size_t limit, const char* name, const char* format, ...);

// Queues an "error" event.
__attribute__((format(printf, 1, 2))) void complain(const char* format, ...);

// Queues one line of a program's output; counts it when there is no room, or when lines before it are still to be
// reported as dropped.
void report_line(unsigned long id, const char* stream, const char* line, size_t length, bool cut);

size_t queued_bytes(void);

// Writes what `fd` takes without waiting.
void send_queue(int fd);
