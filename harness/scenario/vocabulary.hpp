// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <string_view>
#include <vector>

// The words a scenario may use. For the header alone, so that those who implement a word can test
// that they know it.
namespace relapse::scenario {

struct Event {
  std::string_view name;
  bool failing;
  std::string_view meaning;
};

inline constexpr std::array kEvents{
    Event{"soft-lockup", true, "a CPU ran kernel code without a pause for longer than `watch.softlockup`"},
    Event{"hard-lockup", true, "a CPU took no interrupts any more"},
    Event{"hung-task", true, "a task slept uninterruptibly for longer than `watch.hung-task`"},
    Event{"rcu-stall", true, "a CPU or task held up a grace period of RCU for longer than `watch.rcu-stall`"},
    Event{"workqueue-lockup", true, "a pool of kernel workers made no progress"},
    Event{"oops", true, "a bad memory access or instruction in the kernel"},
    Event{"kernel-bug", true, "a BUG() in the kernel's code"},
    Event{"panic", true, "the kernel gave up"},
    Event{"warning", true, "a WARN() in the kernel's code"},
    Event{"lockdep", true, "the lock validator found a possible deadlock or a misuse"},
    Event{"sanitizer", true, "KASAN, KCSAN, KMSAN, KFENCE or UBSAN found a defect"},
    Event{"kmemleak", true, "memory that nobody refers to"},
    Event{"oom", true, "the kernel killed a task for want of memory"},
    Event{"stuck-workload", true, "the guest lives, the work is past its deadline, and the console says nothing"},
    Event{"work-failed", true, "lost or wrong data"},
    Event{"dump-stack", false, "a call trace that is printed without a failure"},
    Event{"boot-milestone", false, "a line that marks how far the boot has come"},
    Event{"nfs-server", false, "the NFS client lost its server, or has it back"},
    Event{"pattern", false, "a line of the kernel's that one of `watch.patterns` matches"},
    Event{"silence", false, "the console said nothing for `watch.silence`"},
    Event{"unparsed", false, "a call trace whose report began elsewhere, or not at all"},
};

// What a lockup or stall may be other than the kernel's own.
inline constexpr std::array<std::string_view, 2> kArtefacts{"console-output", "host"};

// All of them, failing kinds first.
inline std::vector<std::string_view> eventNames() {
  std::vector<std::string_view> names;
  for (const Event& event : kEvents) names.push_back(event.name);
  return names;
}

struct Program {
  std::string_view name;
  bool reportsTrigger;  // `after` can wait for it
  int mostWriters;
  int mostRounds;
  std::string_view meaning;
  bool takesFile = true;      // --file; else it names its files itself
  bool takesSize = false;     // --size
  bool takesThreads = false;  // --threads
  bool verifies = false;      // --verify
  bool takesChance = false;   // --chance
};

inline constexpr std::array kPrograms{
    Program{
        "noncontiguous-writer", true, 1, 1,
        "one writer on one file: waits until the server has refused a page of it, says that the trigger is due, then "
        "writes twice to another page with a gap between, which makes the NFS client flush that page; "
        "`chance` is in how many of a hundred runs there is the gap, and else the second write adjoins the first",
        true, false, false, false, true},
    Program{
        "appenders", false, 1024, 1'000'000,
        "each writer opens the file that noncontiguous-writer uses, appends a line and closes it; with several rounds "
        "it appends as often, has the server take each before the next, and goes on when one fails"},
    Program{"write-and-read-back", false, 1, 1,
            "one writer on a file of its own: writes, flushes, reads it again past the cache and compares", false},
    Program{"copiers", false, 1024, 1'000'000,
            "each writer opens the file anew (`cat source > file`), writes `size` bytes in order and closes it", true,
            true, true, true},
    Program{"locked-writers", false, 1024, 1'000'000,
            "each writer locks a range (fcntl) that overlaps its neighbours', writes it, and unlocks it", true, true,
            true, true},
    Program{"direct-writers", false, 1024, 1'000'000, "each writer writes its own part of the file with O_DIRECT", true,
            true, true, true},
    Program{"mmap-writers", false, 1024, 1'000'000,
            "each writer changes its own part of the file through a shared mapping and msyncs it", true, true, true,
            true},
    Program{"fsync-storm", false, 1024, 1'000'000,
            "each writer writes a little to its own part of the file and fsyncs, again and again", true, true, true,
            true},
    Program{"truncate-against-write", false, 1024, 1'000'000,
            "writers write to the file while another one truncates it and makes it longer again", true, true, true},
    Program{"rename-against-write", false, 1024, 1'000'000,
            "writers write to files that another one renames and unlinks meanwhile", true, true, true},
    Program{"readers", false, 1024, 1'000'000,
            "each reader reads the whole file past the cache, and sees that its bytes are those of a writer", true,
            true, true},
    Program{"pinned-writers", false, 1024, 1'000'000,
            "as copiers, on a part of the file each, and each bound to a CPU of its own as far as there are some", true,
            true, true, true},
    Program{"openers", false, 1024, 1'000'000,
            "each opens the file for writing and closes it, without a byte: the open path alone"},
    Program{"unlinked-writers", false, 1024, 1'000'000,
            "each makes a file of its own, unlinks it while it is open (the client renames it to `.nfs...`), writes "
            "`size` bytes, flushes, and proves them past the cache",
            true, true, true},
    Program{"fio", false, 1, 1, "fio(1) of Debian's arm64 package, with `arguments`", false},
};

inline std::vector<std::string_view> programNames() {
  std::vector<std::string_view> names;
  for (const Program& program : kPrograms) names.push_back(program.name);
  return names;
}

// What a fault's argument is in the scenario, and the text that the guest gets.
enum class FaultArgument {
  None,       // `true`
  Name,       // a file's name below the export
  Size,       // bytes
  Percent,    // 1 to 100
  Time,       // milliseconds
  TimeShift,  // seconds, may be negative
  Number,     // from 0
  Word,       // one of `words`
};

struct FaultKind {
  std::string_view name;
  FaultArgument argument;
  std::string_view words;  // of Word, separated by spaces
  bool onHost;             // done by the host; else by the program `fault` in the guest
  std::string_view node;   // where, unless the step says `on`: "server", "client" or "clients"
  bool canBeUndone;        // `for` may stand beside it, and it is undone before the proof of health
  bool needsNfs;
  std::string_view options;  // one of the kernel's configuration, which it needs; empty: none
  std::string_view meaning;
};

inline constexpr std::array kFaults{
    FaultKind{"fill-export", FaultArgument::None, "", false, "server", true, true, "",
              "a file takes all the space that the export has left"},
    FaultKind{"free-export", FaultArgument::None, "", false, "server", false, true, "", "that file is removed again"},
    FaultKind{"set-quota", FaultArgument::Size, "", false, "server", true, true, "CONFIG_QFMT_V2",
              "so much may the user `writer` have on the export (ext4); undone: no limit"},
    FaultKind{"remove-file", FaultArgument::Name, "", false, "server", false, true, "",
              "the file is removed on the server, behind the clients' back: ESTALE"},
    FaultKind{"unexport", FaultArgument::None, "", false, "server", true, true, "",
              "the export is taken back; undone: exported again"},
    FaultKind{"read-only", FaultArgument::None, "", false, "server", true, true, "",
              "the exported filesystem is remounted read-only: EROFS"},
    FaultKind{
        "freeze-export", FaultArgument::None, "", false, "server", true, true, "",
        "the exported filesystem is frozen (ext4, xfs, btrfs): knfsd waits in each write, as for storage that does "
        "not answer; undone: it goes on"},
    FaultKind{"restart-nfsd", FaultArgument::None, "", false, "server", false, true, "",
              "knfsd is stopped and started: its clients reclaim their state, in a grace period of 10 s"},
    FaultKind{"stop-nfsd", FaultArgument::None, "", false, "server", true, true, "",
              "knfsd is stopped; undone: started, with a grace period of 10 s"},
    FaultKind{"pause-guest", FaultArgument::None, "", true, "server", true, false, "",
              "the guest's CPUs are stopped; undone: they go on"},
    FaultKind{"kill-guest", FaultArgument::None, "", true, "server", false, false, "", "the guest is ended, for good"},
    FaultKind{"reboot-guest", FaultArgument::None, "", true, "server", false, false, "",
              "the guest is ended and booted again, with its disk: the clients reclaim, in a grace period of 10 s"},
    FaultKind{"link-down", FaultArgument::None, "", true, "server", true, false, "",
              "the guest's network cards lose their link; undone: it is back"},
    FaultKind{"packet-loss", FaultArgument::Percent, "", false, "client", true, false, "CONFIG_NET_SCH_NETEM",
              "so many packets that the guest sends are lost (netem)"},
    FaultKind{"packet-delay", FaultArgument::Time, "", false, "client", true, false, "CONFIG_NET_SCH_NETEM",
              "packets that the guest sends are late by this time (netem)"},
    FaultKind{"packet-reorder", FaultArgument::Percent, "", false, "client", true, false, "CONFIG_NET_SCH_NETEM",
              "so many packets that the guest sends overtake the others (netem)"},
    FaultKind{
        "drop-transport", FaultArgument::Number, "", false, "client", true, true, "CONFIG_SUNRPC_DEBUG",
        "the RPC client drops its connection after so many requests, again and again (sunrpc's inject_fault, which "
        "kernels up to 5.9 have); undone: no more"},
    FaultKind{
        "fail-sunrpc", FaultArgument::Percent, "", false, "client", true, true, "CONFIG_FAIL_SUNRPC",
        "so many of the RPC client's connections are dropped at random (fail_sunrpc, which kernels from 5.16 have)"},
    FaultKind{"forget-state", FaultArgument::Word, "clients openowners locks delegations", false, "server", false, true,
              "", "knfsd forgets state of its clients (4.19: nfsd's fault injection; newer kernels: clients alone)"},
    FaultKind{"drop-caches", FaultArgument::None, "", false, "client", false, false, "",
              "the page cache, dentries and inodes that are clean are dropped"},
    FaultKind{"memory-pressure", FaultArgument::Percent, "", false, "client", true, false, "",
              "so much of the memory that is free is taken, page by page, and locked"},
    FaultKind{"offline-cpu", FaultArgument::Number, "", false, "client", true, false, "CONFIG_HOTPLUG_CPU",
              "that CPU is taken off the kernel; undone: it is back"},
    FaultKind{"clock-jump", FaultArgument::TimeShift, "", false, "client", true, false, "",
              "the clock (CLOCK_REALTIME) jumps by so much; undone: back by as much"},
    FaultKind{
        "lkdtm", FaultArgument::Word, "SOFTLOCKUP HARDLOCKUP HUNG_TASK BUG WARNING PANIC EXCEPTION", false, "client",
        false, false, "CONFIG_LKDTM",
        "the kernel's crash test (LKDTM) is started and left to itself: a failure made to order, which shows that "
        "the watching works"},
};

}  // namespace relapse::scenario
