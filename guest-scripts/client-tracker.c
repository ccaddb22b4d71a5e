// SPDX-License-Identifier: GPL-2.0-or-later
//
// Remembers for knfsd, in memory, which NFS 4 clients may reclaim state after the server was
// restarted: protocol version 1 of linux/nfsd/cld.h. Without somebody on that pipe newer kernels wait
// 1 s for it at the server's start, and the newest cannot track clients at all; Debian's nfsdcld
// would bring libsqlite3 and libevent.

#include <errno.h>
#include <fcntl.h>
#include <linux/nfsd/cld.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

static const char kFolder[] = "/var/lib/nfs/rpc_pipefs/nfsd";
static const char kPipe[] = "/var/lib/nfs/rpc_pipefs/nfsd/cld";

enum { kClients = 64 };

static struct {
  bool used;
  bool fresh;  // recorded since the last grace period began
  struct cld_name name;
} clients[kClients];

static int find(const struct cld_name* name) {
  for (int i = 0; i < kClients; ++i) {
    if (clients[i].used && clients[i].name.cn_len == name->cn_len &&
        memcmp(clients[i].name.cn_id, name->cn_id, name->cn_len) == 0) {
      return i;
    }
  }
  return -1;
}

static int record(const struct cld_name* name) {
  int i = find(name);
  for (int k = 0; i < 0 && k < kClients; ++k) {
    if (!clients[k].used) i = k;
  }
  if (i < 0) return -ENOSPC;
  clients[i].used = clients[i].fresh = true;
  clients[i].name = *name;
  return 0;
}

static void send_all(const int fd, struct cld_msg message) {
  message.cm_status = -EINPROGRESS;
  for (int i = 0; i < kClients; ++i) {
    clients[i].fresh = false;
    if (!clients[i].used) continue;
    message.cm_u.cm_name = clients[i].name;
    if (write(fd, &message, sizeof message) < 0) clients[i].used = false;
  }
}

static int obey(const int fd, struct cld_msg* message) {
  const struct cld_name name = message->cm_u.cm_name;
  const int known = find(&name);
  switch (message->cm_cmd) {
    case Cld_Create:
      return record(&name);
    case Cld_Remove:
      if (known >= 0) clients[known].used = false;
      return 0;
    case Cld_Check:
      return known >= 0 ? 0 : -EACCES;
    case Cld_GraceStart:
      send_all(fd, *message);
      return 0;
    case Cld_GraceDone:
      for (int i = 0; i < kClients; ++i) clients[i].used = clients[i].used && clients[i].fresh;
      return 0;
    case Cld_GetVersion:
      message->cm_u.cm_version = 1;
      return 0;
    default:
      return -EOPNOTSUPP;
  }
}

// Until the server is stopped, which takes the pipe away.
static void serve(const int fd) {
  struct cld_msg message;
  struct pollfd readable = {.fd = fd, .events = POLLIN};
  while (poll(&readable, 1, -1) > 0 && !(readable.revents & (POLLERR | POLLHUP))) {
    const ssize_t n = read(fd, &message, sizeof message);
    if (n < 0) return;
    if (n != (ssize_t)sizeof message) continue;
    message.cm_status = (short)obey(fd, &message);
    if (write(fd, &message, sizeof message) < 0) return;
  }
}

int main(void) {
  char ignored[4096];
  setsid();
  const int created = inotify_init1(IN_CLOEXEC);
  if (created < 0 || inotify_add_watch(created, kFolder, IN_CREATE) < 0) return 1;
  do {
    const int fd = open(kPipe, O_RDWR | O_CLOEXEC);
    if (fd < 0) continue;
    serve(fd);
    close(fd);
  } while (read(created, ignored, sizeof ignored) > 0);
  return 1;
}
