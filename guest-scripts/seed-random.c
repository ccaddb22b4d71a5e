// SPDX-License-Identifier: GPL-2.0-or-later
//
// Has the kernel take its random numbers for good ones. The guest has no source of them: programs that make filesystems
// would wait a second for each UUID, and use such numbers all the same.

#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { kBytes = 64 };

int main(void) {
  struct {
    struct rand_pool_info info;
    unsigned char bytes[kBytes];
  } seed = {.info = {.entropy_count = kBytes * 8, .buf_size = kBytes}};
  const int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
  if (fd < 0 || read(fd, seed.bytes, kBytes) != kBytes || ioctl(fd, RNDADDENTROPY, &seed) != 0) {
    perror("/dev/urandom");
    return 1;
  }
  return 0;
}
