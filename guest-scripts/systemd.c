// SPDX-License-Identifier: GPL-2.0-or-later
//
// All that rpcbind asks of libsystemd.so.0, answered as where there is no systemd. The real one
// would bring four more libraries, 3 MB, to unpack at every boot.

int sd_listen_fds(int unset_environment);
int sd_notify(int unset_environment, const char* state);

int sd_listen_fds(int unset_environment) {
  (void)unset_environment;
  return 0;
}

int sd_notify(int unset_environment, const char* state) {
  (void)unset_environment;
  (void)state;
  return 0;
}
