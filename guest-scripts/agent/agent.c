// SPDX-License-Identifier: GPL-2.0-or-later
//
// The guest's first process. Starts programs for the host and tells how they end, over the
// virtio-serial port named org.relapse.agent. The kernel's console is left to the kernel.
//
// Host to guest, one command a line, fields separated by tabs, in a field \t \n \\ stand for tab,
// newline, backslash:
//   run ID PROGRAM ARG...   its own process group, stdin /dev/null, stdout and stderr reported
//   kill ID SIGNALNUMBER    the whole group
//   poweroff
// Guest to host, one JSON object a line, each with "uptime" (CLOCK_BOOTTIME, seconds):
//   ready, started, output, exited, killed, failed, error, and dropped with "lines" when the host
//   did not read in time. A program's end follows all of its output and is never dropped.
//
// Nothing here waits for one thing alone: one poll() loop, non-blocking descriptors, and exec's
// outcome comes through a pipe, so that the agent goes on when a CPU that runs one of its children
// never leaves the kernel again. It stays an ordinary task with a high weight: on a kernel that
// does not preempt itself, a real-time task woken on a spinning CPU is not moved off it.

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "events.h"
#include "programs.h"

enum {
  kCommand = 65536,    // longest command
  kHangupMs = 50,      // the port's hang-up cannot be waited for
  kFarewellMs = 1000,  // for the host to read the rest before the power goes
};

static char command[kCommand];
static size_t command_length;
static bool command_too_long;
static int port = -1;
static int uevents = -1;
static int children = -1;  // signalfd

// ---- commands

static void power_off(void);

static bool decimal(const char* text, unsigned long* value) {
  if (!isdigit((unsigned char)text[0]) || strlen(text) > 18) return false;
  char* end = NULL;
  *value = strtoul(text, &end, 10);
  return *end == '\0';
}

// Undoes \t \n \\ in place. False for any other escape.
static bool unescape(char* field) {
  char* to = field;
  for (const char* from = field; *from; ++from) {
    if (*from != '\\') {
      *to++ = *from;
      continue;
    }
    ++from;
    if (*from != 't' && *from != 'n' && *from != '\\') return false;
    *to++ = (char)(*from == 't' ? '\t' : *from == 'n' ? '\n' : '\\');
  }
  *to = '\0';
  return true;
}

// Splits at tabs. The number of fields, or -1 for a bad escape or too many fields.
static int split(char* line, char** fields, const int most) {
  int n = 0;
  for (char* field = line; field; ++n) {
    if (n == most) return -1;
    char* tab = strchr(field, '\t');
    if (tab) *tab = '\0';
    if (!unescape(field)) return -1;
    fields[n] = field;
    field = tab ? tab + 1 : NULL;
  }
  return n;
}

static void obey(char* line) {
  char* fields[kArguments + 3];
  char quoted[80];
  snprintf(quoted, sizeof quoted, "%.79s", line);
  const int n = split(line, fields, kArguments + 2);
  unsigned long id = 0;
  unsigned long number = 0;
  if (n >= 3 && strcmp(fields[0], "run") == 0 && decimal(fields[1], &id) && fields[2][0]) {
    fields[n] = NULL;
    run(id, fields + 2);
  } else if (n == 3 && strcmp(fields[0], "kill") == 0 && decimal(fields[1], &id) && decimal(fields[2], &number) &&
             number > 0 && number <= 64) {
    kill_group(id, (int)number);
  } else if (n == 1 && strcmp(fields[0], "poweroff") == 0) {
    power_off();
  } else {
    complain("expected run, kill or poweroff, found \"%s\"", quoted);
  }
}

static void end_command(void) {
  command[command_length] = '\0';
  if (command_too_long) {
    complain("expected a command of less than %d bytes", kCommand);
  } else if (memchr(command, '\0', command_length)) {
    complain("expected a command, found a zero byte in it");
  } else if (command_length > 0) {
    obey(command);
  }
  command_length = 0;
  command_too_long = false;
}

static void take_command_bytes(const char* bytes, const size_t length) {
  for (size_t i = 0; i < length; ++i) {
    if (bytes[i] == '\n') {
      end_command();
    } else if (command_length + 1 < kCommand) {
      command[command_length++] = bytes[i];
    } else {
      command_too_long = true;
    }
  }
}

// ---- the port

static bool port_is_named(const char* entry) {
  char path[320];
  char name[64] = "";
  snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", entry);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t n = read(fd, name, sizeof name - 1);
  close(fd);
  return n > 0 && strncmp(name, "org.relapse.agent\n", (size_t)n) == 0;
}

static void announce(void) {
  struct utsname system;
  char release[sizeof system.release * 6];
  uname(&system);
  escape(system.release, strlen(system.release), release);
  event(kQueue, "ready", "\"release\":\"%s\",\"cpus\":%ld", release, sysconf(_SC_NPROCESSORS_ONLN));
}

static void look_for_port(void) {
  DIR* folder = opendir("/sys/class/virtio-ports");
  if (!folder) return;
  for (struct dirent* entry; port < 0 && (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] == '.' || !port_is_named(entry->d_name)) continue;
    char path[320];
    snprintf(path, sizeof path, "/dev/%s", entry->d_name);
    port = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  }
  closedir(folder);
  if (port >= 0) announce();
}

static void listen_for_ports(void) {
  const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
  uevents = socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
  if (uevents >= 0 && bind(uevents, (const struct sockaddr*)&address, sizeof address) != 0) {
    close(uevents);
    uevents = -1;
  }
}

static void read_port(void) {
  static char bytes[16384];
  const ssize_t n = read(port, bytes, sizeof bytes);
  if (n > 0) take_command_bytes(bytes, (size_t)n);
}

static long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

// No sync(2): on a guest that hangs in a filesystem it would never return.
static void power_off(void) {
  const long long end = now_ms() + kFarewellMs;
  for (long long left = kFarewellMs; queued_bytes() > 0 && left > 0; left = end - now_ms()) {
    struct pollfd writable = {.fd = port, .events = POLLOUT};
    if (poll(&writable, 1, (int)left) <= 0 || !(writable.revents & POLLOUT)) break;
    send_queue(port);
  }
  reboot(RB_POWER_OFF);
  complain("poweroff: %s", strerrorname_np(errno));
}

// ---- the loop

static nfds_t watch(struct pollfd* set, const nfds_t n, const int fd, const int events) {
  if (fd < 0) return n;
  set[n] = (struct pollfd){.fd = fd, .events = (short)events};
  return n + 1;
}

// A port without a host says POLLHUP at once, for ever: then it is left out, and looked at every kHangupMs.
static nfds_t gather(struct pollfd* set, const bool host_is_there) {
  nfds_t n = watch(set, 0, children, POLLIN);
  if (port < 0) n = watch(set, n, uevents, POLLIN);
  if (host_is_there) {
    n = watch(set, n, port, (queued_bytes() < kQueueForCommands ? POLLIN : 0) | (queued_bytes() > 0 ? POLLOUT : 0));
  }
  return gather_programs(set, n);
}

static void drain_uevents(void) {
  char message[4096];
  while (uevents >= 0 && recv(uevents, message, sizeof message, MSG_DONTWAIT) > 0) {
  }
}

static void drain_signals(void) {
  struct signalfd_siginfo ignored[8];
  while (read(children, ignored, sizeof ignored) > 0) {
  }
}

static bool serve_port(void) {
  struct pollfd now = {.fd = port, .events = POLLIN | POLLOUT};
  poll(&now, 1, 0);
  if ((now.revents & POLLIN) && queued_bytes() < kQueueForCommands) read_port();
  if ((now.revents & POLLOUT) && !(now.revents & POLLHUP)) send_queue(port);
  return !(now.revents & POLLHUP);
}

static void serve(void) {
  struct pollfd set[2 + kProgramDescriptors];
  bool host_is_there = port >= 0 && serve_port();
  for (;;) {
    const nfds_t n = gather(set, host_is_there);
    poll(set, n, host_is_there ? -1 : kHangupMs);
    if (port < 0) {
      drain_uevents();
      look_for_port();
    }
    serve_programs();
    drain_signals();
    reap();
    if (port >= 0) host_is_there = serve_port();
  }
}

int main(void) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  signal(SIGPIPE, SIG_IGN);
  children = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
  mlockall(MCL_CURRENT | MCL_FUTURE);
  setpriority(PRIO_PROCESS, 0, -10);
  listen_for_ports();
  look_for_port();
  serve();
}
