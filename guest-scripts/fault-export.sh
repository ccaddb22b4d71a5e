# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by fault: what happens to the export and its server. `what`, `fault` and `argument` are set.

filler=/export/.filler

# needs_export: as a check before the first step, the export is there already.
needs_export() {
  grep -q ' /export ' /proc/mounts || fail "/export: nothing is mounted there"
}

# The filesystem of the export.
export_type() {
  while read -r _ where type _; do [ "$where" != /export ] || echo "$type"; done </proc/mounts
}

# The space that is left, in bytes.
free_bytes() {
  echo $(($(stat -f -c '%a * %S' /export)))
}

# one_block FILE: whether there is space for one block, on the disk, of a file that is new.
one_block() {
  dd if=/dev/zero of="$1" bs=4096 count=1 conv=fsync 2>/dev/null
}

# allocate FILE: takes as much space as the filesystem gives in big pieces, without writing it.
allocate() {
  at=0 piece=$(free_bytes)
  : >"$1"
  while [ "$piece" -ge 65536 ]; do
    if fallocate -o $at -l "$piece" "$1" 2>/dev/null; then at=$((at + piece)); else piece=$((piece / 2)); fi
  done
}

# append FILE: writes blocks until there is no space.
append() {
  said=$(dd if=/dev/zero bs=4096 conv=fsync 2>&1 >>"$1") && fail "/export did not get full"
  case $said in *"No space left"*) ;; *) fail "expected ENOSPC, found: $said" ;; esac
}

fill_export() {
  needs_export
  [ "$what" != undo ] || {
    free_export
    return
  }
  [ "$what" = do ] || return 0
  [ ! -e $filler ] || fail "the export is full already"
  [ "$(export_type)" = tmpfs ] || allocate $filler
  append $filler
  # The last block of all is found by trying: some filesystems keep reserves that they give back.
  round=0
  while one_block $filler.$round; do
    [ $((round += 1)) -le 100 ] || fail "/export does not get full, it still has $(free_bytes) bytes"
    append $filler
  done
  rm -f $filler.$round
  done_with "\"bytes\":$(stat -c %s $filler),\"free\":$(free_bytes)"
}

free_export() {
  needs_export
  [ "$what" != can ] || return 0
  [ -e $filler ] || fail "$filler: the export was not filled"
  rm -f $filler $filler.* || fail "$filler: not removed"
  # Some filesystems have the space only a moment after.
  for round in 1 2 3 4 5 6 7 8 9 10; do
    [ "$(export_type)" = tmpfs ] || sync
    if one_block $filler.try; then
      rm -f $filler.try
      done_with "\"free\":$(free_bytes)"
      return
    fi
    usleep 100000
  done
  rm -f $filler.try
  fail "/export has no free block after that"
}

set_quota() {
  needs_export
  [ "$(export_type)" = ext4 ] || fail "only an export of ext4 has a quota here, this one is $(export_type)"
  grep -q ' /export .*usrquota\|/export ext4 .*quota' /proc/mounts || fail "this kernel has no quota for ext4"
  case $what in
    can) return 0 ;;
    undo) argument=0 ;;
  esac
  whole set-quota "$argument"
  /relapse/quota /export 1000 "$argument" >/dev/null || fail "the quota of user 1000 was not set"
  done_with "\"user\":1000,\"bytes\":$argument"
}

remove_file() {
  never_undone
  needs_export
  case $argument in
    '' | /* | .. | ../* | */.. | */../*) fail "expected a file below the export, found \"$argument\"" ;;
  esac
  [ "$what" != can ] || return 0
  rm "/export/$argument" || fail "/export/$argument: not removed"
  done_with "\"file\":\"$argument\""
}

unexport() {
  needs_nfsd
  needs_export
  case $what in
    can) return 0 ;;
    do)
      read -r _ clients <$exports
      exportfs -ua || fail "exportfs -ua: status $?"
      # Clients with nothing exported to them at all would not get ESTALE, but EACCES.
      exportfs -o ro,no_subtree_check,fsid=2 "${clients%%(*}:$state" || fail "exportfs $state: status $?"
      ;;
    undo)
      exportfs -ua && exportfs -a || fail "exportfs -a: status $?"
      ;;
  esac
  # What knfsd remembers of it goes, too.
  exportfs -f || fail "exportfs -f: status $?"
  done_with
}

# exported_as OLD NEW: with NEW for OLD among the options.
exported_as() {
  sed -i "s/($1,/($2,/" $exports && exportfs -ra && exportfs -f || fail "the export was not changed to $2"
}

# A filesystem with a file open for writing, as NFS 4 holds them, cannot be remounted. For its clients it is
# the same when knfsd holds the export for read-only: EROFS.
read_only() {
  needs_export
  case $what in
    can)
      grep -q '(rw,' $exports || fail "the export is read-only already"
      return 0
      ;;
    do)
      how=filesystem
      mount -o remount,ro /export 2>/dev/null || how=export
      echo $how >$state/read-only
      [ $how = filesystem ] || exported_as rw ro
      ;;
    undo)
      how=$(cat $state/read-only) || fail "the export was not made read-only"
      if [ "$how" = export ]; then
        exported_as ro rw
      else
        mount -o remount,rw /export || fail "/export: stays read-only"
      fi
      rm $state/read-only
      ;;
  esac
  done_with "\"how\":\"$how\""
}

# Who writes to a frozen filesystem waits, uninterruptibly, as for storage that does not answer.
freeze_export() {
  needs_export
  case $what in
    can) [ "$(export_type)" != tmpfs ] || fail "a filesystem in memory cannot be frozen: ext4, xfs and btrfs can" ;;
    do)
      fsfreeze --freeze /export || fail "/export: not frozen"
      done_with
      ;;
    undo)
      fsfreeze --unfreeze /export || fail "/export: stays frozen"
      done_with
      ;;
  esac
}

restart_nfsd() {
  never_undone
  needs_nfsd
  [ "$what" != can ] || return 0
  serving || fail "knfsd does not run"
  stop_nfsd
  start_nfsd 1
  nfsd_answers 127.0.0.1
  done_with "\"grace\":$(in_grace)"
}

stop_start_nfsd() {
  needs_nfsd
  case $what in
    can) return 0 ;;
    do)
      serving || fail "knfsd does not run"
      stop_nfsd
      done_with
      ;;
    undo)
      ! serving || fail "knfsd runs already"
      start_nfsd 1
      nfsd_answers 127.0.0.1
      done_with "\"grace\":$(in_grace)"
      ;;
  esac
}

forget_state() {
  never_undone
  case $argument in
    clients | openowners | locks | delegations) ;;
    *) fail "expected clients, openowners, locks or delegations, found \"$argument\"" ;;
  esac
  file=/sys/kernel/debug/nfsd/forget_$argument
  if [ ! -e "$file" ]; then
    [ -d $nfsd/clients ] || fail "this kernel has neither CONFIG_NFSD_FAULT_INJECTION nor $nfsd/clients"
    [ "$argument" = clients ] || fail "without CONFIG_NFSD_FAULT_INJECTION knfsd can only forget whole clients"
  fi
  [ "$what" != can ] || return 0
  if [ -e "$file" ]; then
    count=$(cat "$file")
    [ "$count" -gt 0 ] || fail "knfsd has no $argument"
    # 0: all of them.
    echo 0 >"$file" || fail "$file: not taken"
    done_with "\"state\":\"$argument\",\"count\":$count"
    return
  fi
  count=0
  for client in $nfsd/clients/*/ctl; do
    [ -e "$client" ] || continue
    echo expire >"$client" || fail "$client: not taken"
    count=$((count + 1))
  done
  [ $count -gt 0 ] || fail "knfsd has no client"
  done_with "\"state\":\"clients\",\"count\":$count"
}
