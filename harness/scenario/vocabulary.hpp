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
};

inline constexpr std::array kPrograms{
    Program{
        "noncontiguous-writer", true, 1, 1,
        "one writer on one file: waits until the server has refused a page of it, says that the trigger is due, then "
        "writes twice to another page with a gap between, which makes the NFS client flush that page"},
    Program{
        "appenders", false, 1024, 1'000'000,
        "each writer opens the file that noncontiguous-writer uses, appends a line and closes it; with several rounds "
        "it appends as often, has the server take each before the next, and goes on when one fails"},
    Program{"write-and-read-back", false, 1, 1,
            "one writer on a file of its own: writes, flushes, reads it again past the cache and compares"},
};

inline std::vector<std::string_view> programNames() {
  std::vector<std::string_view> names;
  for (const Program& program : kPrograms) names.push_back(program.name);
  return names;
}

}  // namespace relapse::scenario
