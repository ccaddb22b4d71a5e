# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced after failure.sh: starting and stopping the kernel's NFS server.

nfsd=/proc/fs/nfsd
exports=/etc/exports

# needs_nfsd: for what makes no sense without.
needs_nfsd() {
  [ -e $nfsd/threads ] || fail "$nfsd: this kernel has no NFS server"
}

# Whether knfsd runs.
serving() {
  [ "$(cat $nfsd/threads)" != 0 ]
}

# start_nfsd GRACE: with 1 it begins with a grace period of 10 s, in which clients reclaim what they held (a kernel that
# knows that there is nobody to do so skips it); with 0 no client has state from before.
start_nfsd() {
  # 10 s is the least the kernel takes for NFS 4, and what lockd (NFS 3) makes of anything from 1 to 10.
  echo 10 >$nfsd/nfsv4gracetime
  echo 10 >$nfsd/nfsv4leasetime
  [ ! -e /proc/sys/fs/nfs/nlm_grace_period ] || echo 10 >/proc/sys/fs/nfs/nlm_grace_period
  rpc.nfsd -U -V 3 -V 4 -V 4.1 -V 4.2 4 || fail "rpc.nfsd: status $?"
  [ "$1" = 1 ] || end_grace
}

# Where the kernel does not see itself that nobody has anything to reclaim, every OPEN would wait.
end_grace() {
  [ "$(cat $nfsd/v4_end_grace)" = Y ] || echo Y >$nfsd/v4_end_grace || fail "v4_end_grace: not taken"
  # lockd's grace period is one for the locks of NFS 4 as well.
  lockd=/proc/fs/lockd/nlm_end_grace
  [ ! -e $lockd ] || [ "$(cat $lockd)" = Y ] || echo Y >$lockd || fail "nlm_end_grace: not taken"
}

# true or false, for JSON: whether clients can only reclaim now.
in_grace() {
  if [ "$(cat $nfsd/v4_end_grace)" = Y ]; then echo false; else echo true; fi
}

stop_nfsd() {
  rpc.nfsd 0 || fail "rpc.nfsd 0: status $?"
  serving && fail "$nfsd/threads: still $(cat $nfsd/threads)"
  return 0
}

# nfsd_answers ADDRESS
nfsd_answers() {
  /relapse/rpc-null "$1" 2049 100003 3 && /relapse/rpc-null "$1" 2049 100003 4 || fail "knfsd does not answer"
}
