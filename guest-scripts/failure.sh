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
