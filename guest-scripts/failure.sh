# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by the programs here. The host reads their standard output, JSON alone.

export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
name=${0##*/}

fail() {
  echo "$name: $*" >&2
  exit 1
}

# usage TEXT ARGUMENT...: prints TEXT and ends when --help is among the arguments.
usage() {
  text=$1
  shift
  for argument; do
    [ "$argument" = --help ] || continue
    echo "$text"
    exit 0
  done
}

# whole WHAT VALUE: VALUE has to be a whole number.
whole() {
  case $2 in
    '' | *[!0-9]*) fail "$1: expected a whole number, found \"$2\"" ;;
  esac
}

# The time since boot in ms, by steps of 10.
uptime_ms() {
  read -r now rest </proc/uptime
  echo $((${now%.*} * 1000 + (1${now#*.} - 100) * 10))
}

# take "NAME NAME..." ARGUMENT...: puts the value of each --NAME among the arguments into the variable NAME, with
# _ for its -.
take() {
  allowed=$1
  shift
  while [ $# -gt 0 ]; do
    option=${1#--}
    case " $allowed " in
      *" $option "*) [ "$option" != "$1" ] || fail "expected --$option, found \"$1\"" ;;
      *) fail "expected one of --$(echo "$allowed" | sed 's/ / --/g'), found \"$1\"" ;;
    esac
    [ $# -ge 2 ] || fail "$1: its value is missing"
    case $option in *-*) option=${option%%-*}_${option#*-} ;; esac
    eval "$option=\$2"
    shift 2
  done
}

# flag WHAT VALUE: VALUE has to be 0 or 1.
flag() {
  case $2 in
    0 | 1) ;;
    *) fail "$1: expected 0 or 1, found \"$2\"" ;;
  esac
}

# has_filesystem TYPE: whether this kernel has it, maybe as a module.
has_filesystem() {
  grep -qwF "$1" /proc/filesystems || { modprobe "$1" 2>/dev/null && grep -qwF "$1" /proc/filesystems; }
}

# detached PROGRAM ARGUMENT...: runs on when this script has ended, and holds none of its files.
detached() {
  setsid "$@" </dev/null >/dev/null 2>&1 &
}
