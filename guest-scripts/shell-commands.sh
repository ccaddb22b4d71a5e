# SPDX-License-Identifier: GPL-2.0-or-later
#
# What an interactive shell in the guest has at hand; see `help`.

fault() {
  case ${1-} in
    '' | --help) /relapse/fault --help ;;
    --undo)
      shift
      /relapse/fault undo "$@"
      ;;
    --can)
      shift
      /relapse/fault can "$@"
      ;;
    *) /relapse/fault do "$@" ;;
  esac
}

work() {
  if [ $# = 0 ]; then
    ls /relapse/workloads
    return
  fi
  if [ ! -x "/relapse/workloads/$1" ]; then
    echo "work: expected one of: $(echo $(ls /relapse/workloads)), found \"$1\"" >&2
    return 1
  fi
  program=$1
  shift
  case " $* " in *" --help "*) set -- --help ;; *" --dir "*) ;; *) set -- --dir /mnt "$@" ;; esac
  case " $program $* " in
    *" --file "* | *" --help "* | *" write-and-read-back "*) ;;
    *) set -- --file shared "$@" ;;
  esac
  "/relapse/workloads/$program" "$@"
}

# The first process is the agent: it does not know the signals by which they would ask.
poweroff() { busybox poweroff -f; }
halt() { busybox poweroff -f; }
reboot() { busybox reboot -f; }

help() {
  echo "fault NAME [ARGUMENT]     a fault of this guest; fault --undo NAME, fault --can NAME; fault alone lists them
work PROGRAM [OPTION...]  a workload on /mnt, in the foreground; & puts it behind; work alone lists them;
                          work PROGRAM --help
mount, dmesg, cat /proc/... and the rest of busybox; /mnt is the export, mounted; /export is the export, on its server
exit, Ctrl-D              ends this guest
Ctrl-]                    the host's prompt: faults of the host, the scenario's steps, the console, gdb, quit"
}
