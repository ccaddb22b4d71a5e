// SPDX-License-Identifier: GPL-2.0-or-later
#include "events.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { kEvent = kLine * 6 + 512 };  // longest event: every byte of a line as \u00XX

static char queue[kQueue];
static size_t queued;
static unsigned long dropped_lines;

size_t escape(const char* text, size_t length, char* out) {
  static const char hex[] = "0123456789abcdef";
  size_t n = 0;
  for (size_t i = 0; i < length;) {
    const unsigned char c = (unsigned char)text[i];
    size_t whole = 1;
    if (c >= 0xc2 && c <= 0xdf) whole = 2;
    if (c >= 0xe0 && c <= 0xef) whole = 3;
    if (c >= 0xf0 && c <= 0xf4) whole = 4;
    bool good = c < 0x80 || whole > 1;
    for (size_t k = 1; good && k < whole; ++k) good = i + k < length && ((unsigned char)text[i + k] & 0xc0) == 0x80;
    if (good && whole > 1) {
      const unsigned char d = (unsigned char)text[i + 1];
      good =
          !((c == 0xe0 && d < 0xa0) || (c == 0xed && d > 0x9f) || (c == 0xf0 && d < 0x90) || (c == 0xf4 && d > 0x8f));
    }
    if (good && whole > 1) {
      memcpy(out + n, text + i, whole);
      n += whole;
      i += whole;
      continue;
    }
    if (c == '"' || c == '\\') {
      out[n++] = '\\';
      out[n++] = (char)c;
    } else if (c < 0x20 || c >= 0x7f) {
      memcpy(out + n, "\\u00", 4);
      out[n + 4] = hex[c >> 4];
      out[n + 5] = hex[c & 15];
      n += 6;
    } else {
      out[n++] = (char)c;
    }
    ++i;
  }
  out[n] = '\0';
  return n;
}

static bool append(size_t limit, const char* text, size_t length) {
  if (queued + length > limit) return false;
  memcpy(queue + queued, text, length);
  queued += length;
  return true;
}

bool event(size_t limit, const char* name, const char* format, ...) {
  static char text[kEvent];
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  int n = snprintf(text, sizeof text, "{\"event\":\"%s\",", name);
  va_list fields;
  va_start(fields, format);
  n += vsnprintf(text + n, sizeof text - (size_t)n, format, fields);
  va_end(fields);
  if ((size_t)n + 64 > sizeof text) return false;
  n += snprintf(text + n, sizeof text - (size_t)n, "%s\"uptime\":%lld.%06ld}\n", format[0] ? "," : "",
                (long long)now.tv_sec, now.tv_nsec / 1000);
  return append(limit, text, (size_t)n);
}

void complain(const char* format, ...) {
  char message[512];
  char escaped[sizeof message * 6];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  escape(message, strlen(message), escaped);
  if (!event(kQueueForOutput, "error", "\"message\":\"%s\"", escaped)) ++dropped_lines;
}

static void report_dropped(void) {
  if (dropped_lines > 0 && event(kQueueForOutput, "dropped", "\"lines\":%lu", dropped_lines)) dropped_lines = 0;
}

void report_line(const unsigned long id, const char* stream, const char* line, const size_t length, const bool cut) {
  static char escaped[kLine * 6 + 1];
  escape(line, length, escaped);
  report_dropped();
  if (dropped_lines > 0 || !event(kQueueForOutput, "output", "\"id\":%lu,\"stream\":\"%s\",\"line\":\"%s\"%s", id,
                                  stream, escaped, cut ? ",\"cut\":true" : "")) {
    ++dropped_lines;
  }
}

size_t queued_bytes(void) {
  return queued;
}

void send_queue(const int fd) {
  while (queued > 0) {
    const ssize_t n = write(fd, queue, queued);
    if (n <= 0) return;
    queued -= (size_t)n;
    memmove(queue, queue + n, queued);
  }
  report_dropped();
}
