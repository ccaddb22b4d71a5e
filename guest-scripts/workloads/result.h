// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the programs that the agent starts have in common: options of the form --name VALUE, and
// results as one JSON object a line on stdout. Every workload's last line has "result" and "errno".
#pragma once

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct Option {
  const char* name;   // without the dashes
  const char** text;  // one of text and number
  uint64_t* number;
};

// One line in one write(2): several processes share the pipe.
__attribute__((format(printf, 1, 2), unused)) static void say(const char* format, ...) {
  char line[1024];
  va_list fields;
  va_start(fields, format);
  int n = vsnprintf(line, sizeof line - 1, format, fields);
  va_end(fields);
  if (n < 0) return;
  if ((size_t)n > sizeof line - 2) n = (int)sizeof line - 2;
  line[n++] = '\n';
  if (write(STDOUT_FILENO, line, (size_t)n) != n) exit(1);
}

// An errno as JSON: "ENOSPC" in quotes, null for 0. Valid until this thread's next call.
__attribute__((unused)) static const char* json_errno(const int error) {
  static _Thread_local char text[32];
  const char* name = strerrorname_np(error);
  snprintf(text, sizeof text, error == 0 ? "null" : "\"%s\"", name ? name : "?");
  return text;
}

// Ends a workload that could not do its steps.
__attribute__((noreturn, unused)) static void give_up(const char* step, const int error) {
  fprintf(stderr, "%s: %s\n", step, strerror(error));
  say("{\"result\":\"failed\",\"step\":\"%s\",\"errno\":%s}", step, json_errno(error));
  exit(1);
}

__attribute__((noreturn, unused)) static void misuse(const char* usage, const char* what, const char* found) {
  fprintf(stderr, "%s, found \"%s\"\n%s", what, found, usage);
  exit(64);
}

__attribute__((unused)) static void take_option(const char* usage, const struct Option* option, const char* value) {
  if (option->text) {
    *option->text = value;
    return;
  }
  char* end = NULL;
  errno = 0;
  *option->number = strtoull(value, &end, 10);
  if (!isdigit((unsigned char)value[0]) || *end || errno) {
    fprintf(stderr, "--%s: ", option->name);
    misuse(usage, "expected a whole number", value);
  }
}

// `options` ends with an empty one. Ends the program on --help and on what it does not know.
__attribute__((unused)) static void take_options(int argc, char** argv, const char* usage,
                                                 const struct Option* options) {
  for (int i = 1; i < argc; i += 2) {
    if (strcmp(argv[i], "--help") == 0) {
      fputs(usage, stdout);
      exit(0);
    }
    const struct Option* option = options;
    while (option->name && (strncmp(argv[i], "--", 2) != 0 || strcmp(argv[i] + 2, option->name) != 0)) ++option;
    if (!option->name) misuse(usage, "expected an option", argv[i]);
    if (i + 1 == argc) misuse(usage, "expected a value at the end", argv[i]);
    take_option(usage, option, argv[i + 1]);
  }
}

// The byte at `offset` of the data that belongs to `seed`: any part can be made and checked alone.
__attribute__((unused)) static unsigned char seeded_byte(const uint64_t seed, const uint64_t offset) {
  uint64_t x = (seed + 1) * 0x9e3779b97f4a7c15u + (offset / 8 + 1) * 0xd1342543de82ef95u;
  x ^= x >> 31;
  x *= 0xff51afd7ed558ccdu;
  x ^= x >> 29;
  return (unsigned char)(x >> (offset % 8 * 8));
}

__attribute__((unused)) static void seed_bytes(unsigned char* bytes, const size_t length, const uint64_t seed,
                                               const uint64_t offset) {
  for (size_t i = 0; i < length; ++i) bytes[i] = seeded_byte(seed, offset + i);
}
