// SPDX-License-Identifier: GPL-2.0-or-later
//
// Asks an ONC RPC program (RFC 5531) to do nothing, which shows that it answers.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "workloads/result.h"

static const char kUsage[] =
    "usage: rpc-null ADDRESS PORT PROGRAM VERSION\n"
    "Calls procedure 0 over TCP. Status 0 when the answer is an accepted, successful one within 5 s.\n";

enum { kSeconds = 5, kCallWords = 11, kReplyWords = 7, kPauseMs = 5 };

static int connect_by(const struct sockaddr_in* address, const time_t deadline) {
  const struct timeval patience = {.tv_sec = kSeconds};
  const struct timespec pause = {.tv_nsec = kPauseMs * 1000000L};
  for (;;) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr*)address, sizeof *address) == 0) return fd;
    close(fd);
    if (errno != ECONNREFUSED || time(NULL) >= deadline) return -1;
    nanosleep(&pause, NULL);
  }
}

static bool answers(const int fd, const uint32_t program, const uint32_t version) {
  const uint32_t xid = (uint32_t)getpid();
  // Record mark, xid, call, RPC 2, program, version, procedure 0, no credentials, no verifier.
  const uint32_t call[kCallWords] = {
      htonl(0x80000000u | (kCallWords - 1) * 4), htonl(xid), 0, htonl(2), htonl(program), htonl(version)};
  uint32_t reply[kReplyWords];
  if (write(fd, call, sizeof call) != (ssize_t)sizeof call) return false;
  if (recv(fd, reply, sizeof reply, MSG_WAITALL) != (ssize_t)sizeof reply) return false;
  // Record mark, xid, reply, accepted, verifier (2 words), success.
  return reply[1] == htonl(xid) && reply[2] == htonl(1) && reply[3] == 0 && reply[6] == 0;
}

int main(int argc, char** argv) {
  if (argc == 2) take_options(argc, argv, kUsage, (const struct Option[]){{0}});
  if (argc != 5) misuse(kUsage, "expected 4 arguments", argc > 1 ? argv[1] : "");
  uint64_t numbers[3];
  for (int i = 0; i < 3; ++i)
    take_option(kUsage, &(const struct Option){"PORT, PROGRAM, VERSION", NULL, &numbers[i]}, argv[i + 2]);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)numbers[0])};
  if (inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) misuse(kUsage, "expected an IPv4 address", argv[1]);
  const int fd = connect_by(&address, time(NULL) + kSeconds);
  if (fd < 0) {
    fprintf(stderr, "port %s: %s\n", argv[2], strerror(errno));
    return 1;
  }
  if (!answers(fd, (uint32_t)numbers[1], (uint32_t)numbers[2])) {
    fprintf(stderr, "port %s, program %s, version %s: no good answer\n", argv[2], argv[3], argv[4]);
    return 1;
  }
  return 0;
}
