// SPDX-License-Identifier: GPL-2.0-or-later
//
// Remembers for knfsd which NFS 4 clients may reclaim state after the server was restarted: protocol version 1
// of linux/nfsd/cld.h, and its first one, of kernels before 5.2. Without somebody on that pipe newer kernels wait 1 s
// for it at the server's start, and the newest cannot track clients at all; Debian's nfsdcld would bring libsqlite3 and
// libevent.
//
//   client-tracker [FILE OFFSET]
//
// With FILE (a disk) what it remembers is kept there from OFFSET on, in kTrackerBytes at most, and outlives the guest.

#include <errno.h>
#include <fcntl.h>
#include <linux/nfsd/cld.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

static const char kFolder[] = "/var/lib/nfs/rpc_pipefs/nfsd";
static const char kPipe[] = "/var/lib/nfs/rpc_pipefs/nfsd/cld";

enum { kClients = 64, kTrackerBytes = 128 * 1024 };

static struct {
  char format[16];
  struct {
    bool used;
    bool fresh;    // recorded since the last grace period began
    int64_t seen;  // seconds of the clock: the same for kernels that do not say when a grace period begins
    struct cld_name name;
  } clients[kClients];
} memory;

static const char kFormat[sizeof memory.format] = "relapse clnts 1";

static int file = -1;
static off_t start;

static void recall(const char* name, const char* offset) {
  _Static_assert(sizeof memory <= kTrackerBytes, "has to fit into what the disk has for it");
  start = strtoll(offset, NULL, 10);
  file = open(name, O_RDWR | O_SYNC | O_CLOEXEC);
  if (file < 0) _exit(1);
  if (pread(file, &memory, sizeof memory, start) != (ssize_t)sizeof memory ||
      memcmp(memory.format, kFormat, sizeof kFormat) != 0)
    memset(&memory, 0, sizeof memory);
}

static int keep(void) {
  memcpy(memory.format, kFormat, sizeof kFormat);
  if (file < 0 || pwrite(file, &memory, sizeof memory, start) == (ssize_t)sizeof memory) return 0;
  return -EIO;
}

static int find(const struct cld_name* name) {
  for (int i = 0; i < kClients; ++i) {
    if (memory.clients[i].used && memory.clients[i].name.cn_len == name->cn_len &&
        memcmp(memory.clients[i].name.cn_id, name->cn_id, name->cn_len) == 0) {
      return i;
    }
  }
  return -1;
}

static int record(const struct cld_name* name) {
  int i = find(name);
  for (int k = 0; i < 0 && k < kClients; ++k) {
    if (!memory.clients[k].used) i = k;
  }
  if (i < 0) return -ENOSPC;
  memory.clients[i].used = memory.clients[i].fresh = true;
  memory.clients[i].seen = time(NULL);
  memory.clients[i].name = *name;
  return keep();
}

static int forget(const struct cld_name* name) {
  const int i = find(name);
  if (i < 0) return 0;
  memory.clients[i].used = false;
  return keep();
}

static void send_all(const int fd, struct cld_msg message) {
  message.cm_status = -EINPROGRESS;
  for (int i = 0; i < kClients; ++i) {
    memory.clients[i].fresh = false;
    if (!memory.clients[i].used) continue;
    message.cm_u.cm_name = memory.clients[i].name;
    if (write(fd, &message, sizeof message) < 0) memory.clients[i].used = false;
  }
}

// Who did not come back has lost the right to. `began`: the clock's second of the grace period's start, or 0 from
// a kernel that had told us of the start.
static int end_grace(const int64_t began) {
  for (int i = 0; i < kClients; ++i) {
    const bool back = began == 0 ? memory.clients[i].fresh : memory.clients[i].seen >= began;
    memory.clients[i].used = memory.clients[i].used && back;
  }
  return keep();
}

static int obey(const int fd, struct cld_msg* message) {
  const struct cld_name name = message->cm_u.cm_name;
  switch (message->cm_cmd) {
    case Cld_Create:
      return record(&name);
    case Cld_Remove:
      return forget(&name);
    case Cld_Check:
      return find(&name) >= 0 ? record(&name) : -EACCES;
    case Cld_GraceStart:
      send_all(fd, *message);
      return 0;
    case Cld_GraceDone:
      return end_grace(message->cm_u.cm_gracetime);
    case Cld_GetVersion:
      message->cm_u.cm_version = 1;
      return 0;
    default:
      return -EOPNOTSUPP;
  }
}

// Until the server is stopped, which takes the pipe away, or has made another one: who waits for the first is not told.
static void serve(const int fd, const int created) {
  struct cld_msg message;
  struct pollfd readable[] = {{.fd = fd, .events = POLLIN}, {.fd = created, .events = POLLIN}};
  while (poll(readable, 2, -1) > 0 && !(readable[0].revents & (POLLERR | POLLHUP)) && readable[1].revents == 0) {
    const ssize_t n = read(fd, &message, sizeof message);
    if (n < 0) return;
    if (n != (ssize_t)sizeof message) continue;
    message.cm_status = (short)obey(fd, &message);
    if (write(fd, &message, sizeof message) < 0) return;
  }
}

int main(int argc, char** argv) {
  char ignored[4096];
  setsid();
  if (argc == 3) recall(argv[1], argv[2]);
  const int created = inotify_init1(IN_CLOEXEC);
  if (created < 0 || inotify_add_watch(created, kFolder, IN_CREATE) < 0) return 1;
  do {
    const int fd = open(kPipe, O_RDWR | O_CLOEXEC);
    if (fd < 0) continue;
    serve(fd, created);
    close(fd);
  } while (read(created, ignored, sizeof ignored) > 0);
  return 1;
}
