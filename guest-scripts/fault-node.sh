# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by fault: what happens to a node's network, memory, CPUs and clock. `what`, `fault`, `argument` and
# `state` are set.

# percent VALUE: sets nothing, but fails on all but 1 to 100.
percent() {
  whole "$fault" "$1"
  [ "$1" -ge 1 ] && [ "$1" -le 100 ] || fail "$fault: expected 1 to 100 percent, found \"$1\""
}

# The network cards, or the loopback of a guest that has none.
cards() {
  found=lo
  for card in /sys/class/net/eth*; do
    [ -e "$card" ] || continue
    [ "$found" != lo ] || found=
    found="$found ${card##*/}"
  done
  echo "$found"
}

# By its path: busybox has a tc of its own.
tc=/usr/sbin/tc

# netem ARGUMENT...: on each card; without an argument it goes from them.
netem() {
  for card in $(cards); do
    if [ $# = 0 ]; then
      $tc qdisc del dev "$card" root 2>&1 || return 1
    else
      $tc qdisc replace dev "$card" root netem "$@" 2>&1 || return 1
    fi
  done
}

can_netem() {
  [ -x $tc ] || fail "this guest's root has no tc: the part traffic is not in it"
  [ ! -e $state/packet-loss ] && [ ! -e $state/packet-delay ] && [ ! -e $state/packet-reorder ] || return 0
  said=$(netem delay 0ms) || fail "this kernel has no netem (CONFIG_NET_SCH_NETEM): $(echo "$said" | tail -n 1)"
  netem
}

# What is in force of the three makes one netem together.
apply_packets() {
  loss=$(cat $state/packet-loss 2>/dev/null)
  delay=$(cat $state/packet-delay 2>/dev/null)
  reorder=$(cat $state/packet-reorder 2>/dev/null)
  # Only what waits can be overtaken.
  [ -z "$reorder" ] || delay=${delay:-10}
  # shellcheck disable=SC2086
  said=$(netem ${delay:+delay ${delay}ms} ${reorder:+reorder $reorder%} ${loss:+loss $loss%}) || {
    rm -f "$state/$fault"
    fail "netem: $(echo "$said" | tail -n 1)"
  }
}

packets() {
  case $what in
    can)
      can_netem
      return
      ;;
    do)
      if [ "$fault" = packet-delay ]; then whole "$fault" "$argument"; else percent "$argument"; fi
      [ ! -e "$state/$fault" ] || fail "$fault is in force already, with $(cat "$state/$fault")"
      echo "$argument" >"$state/$fault"
      ;;
    undo) rm "$state/$fault" 2>/dev/null || fail "$fault is not in force" ;;
  esac
  apply_packets
  done_with "\"cards\":\"$(cards)\""
}

drop_transport() {
  drops=/sys/kernel/debug/sunrpc/inject_fault/disconnect
  [ -w $drops ] || fail "no $drops, which kernels up to 5.9 with CONFIG_SUNRPC_DEBUG have (newer: fail-sunrpc)"
  case $what in
    can) return 0 ;;
    do)
      whole "$fault" "$argument"
      [ "$argument" -gt 0 ] || fail "$fault: expected 1 request or more, found 0"
      # The kernel counts at three places that a request passes.
      echo $((argument * 3)) >$drops || fail "$drops: not taken"
      ;;
    undo) echo 0 >$drops || fail "$drops: not taken" ;;
  esac
  done_with
}

fail_sunrpc() {
  knobs=/sys/kernel/debug/fail_sunrpc
  [ -w $knobs/probability ] || fail "no $knobs, which kernels from 5.16 with CONFIG_FAIL_SUNRPC have (older: drop-transport)"
  case $what in
    can) return 0 ;;
    do)
      percent "$argument"
      # The client's connections alone, without end, and without a call trace for each.
      for knob in ignore-client-disconnect=N ignore-server-disconnect=Y ignore-cache-wait=Y times=-1 interval=1 \
        verbose=0 "probability=$argument"; do
        echo "${knob#*=}" >"$knobs/${knob%%=*}" || fail "$knobs/${knob%%=*}: ${knob#*=} was not taken"
      done
      ;;
    undo) echo 0 >$knobs/probability || fail "$knobs/probability: not taken" ;;
  esac
  done_with
}

drop_caches() {
  never_undone
  [ -w /proc/sys/vm/drop_caches ] || fail "/proc/sys/vm/drop_caches: this kernel does not have it"
  [ "$what" != can ] || return 0
  echo 3 >/proc/sys/vm/drop_caches || fail "/proc/sys/vm/drop_caches: not taken"
  done_with
}

memory_pressure() {
  hog=$state/memory-hog
  [ -x /relapse/memory-hog ] || fail "/relapse/memory-hog: this guest's root does not have it"
  case $what in
    can) return 0 ;;
    do)
      percent "$argument"
      [ ! -e $hog ] || fail "there is memory pressure already"
      : >$hog.said
      setsid sh -c 'echo $$ >"$0"; exec /relapse/memory-hog "$1"' $hog "$argument" </dev/null >$hog.said 2>&1 &
      until grep -q '"taken"' $hog.said; do
        [ ! -e $hog ] || kill -0 "$(cat $hog)" 2>/dev/null || fail "memory-hog: $(cat $hog.said)"
        usleep 20000
      done
      done_with "$(sed -n 's/.*\("taken":[0-9]*\).*/\1/p' $hog.said)"
      ;;
    undo)
      [ -e $hog ] || fail "there is no memory pressure"
      pid=$(cat $hog)
      kill -9 "$pid" || fail "memory-hog had ended before: $(cat $hog.said)"
      # The memory is free when only its status is left.
      until grep -q '^State:.Z' "/proc/$pid/status" || [ ! -e "/proc/$pid" ]; do usleep 20000; done 2>/dev/null
      rm $hog $hog.said
      done_with
      ;;
  esac
}

# How many CPUs are there, and how many of them are on.
cpus() {
  grep -c '^processor' /proc/cpuinfo
}

offline_cpu() {
  whole "$fault" "$argument"
  cpu=/sys/devices/system/cpu/cpu$argument
  [ -d $cpu ] || fail "this guest has no CPU $argument, but $(cat /sys/devices/system/cpu/present)"
  [ -w $cpu/online ] || fail "this kernel cannot take CPU $argument off (CONFIG_HOTPLUG_CPU)"
  [ "$what" = undo ] || [ "$(cpus)" -gt 1 ] || fail "it is the only CPU"
  case $what in
    can) return 0 ;;
    do) online=0 ;;
    undo) online=1 ;;
  esac
  echo $online >$cpu/online || fail "$cpu/online: $online was not taken"
  [ "$(cat $cpu/online)" = $online ] || fail "$cpu/online: wrote $online, read back $(cat $cpu/online)"
  done_with "\"cpu\":$argument,\"online\":$(cpus)"
}

clock_jump() {
  jump=$state/clock-jump
  [ -x /relapse/clock ] || fail "/relapse/clock: this guest's root does not have it"
  case $what in
    can) return 0 ;;
    do)
      case ${argument#-} in '' | *[!0-9]*) fail "$fault: expected whole seconds, found \"$argument\"" ;; esac
      seconds=$argument
      [ ! -e $jump ] || fail "the clock has jumped already, by $(cat $jump) s"
      ;;
    undo) seconds=$((-$(cat $jump))) || fail "the clock did not jump" ;;
  esac
  /relapse/clock "$seconds" >/dev/null || fail "the clock was not set"
  if [ "$what" = do ]; then echo "$seconds" >$jump; else rm $jump; fi
  done_with "\"seconds\":$seconds"
}

lkdtm() {
  never_undone
  direct=/sys/kernel/debug/provoke-crash/DIRECT
  [ -w $direct ] || fail "this kernel has no LKDTM"
  grep -qxF "$argument" $direct || fail "this kernel's LKDTM has no $argument"
  [ "$what" != can ] || return 0
  echo "$argument" >$direct 2>/dev/null </dev/null &
  echo "{\"fault\":\"lkdtm\",\"what\":\"do\",\"crash\":\"$argument\"}"
}
