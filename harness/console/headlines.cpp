// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/headlines.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "console/cursor.hpp"
#include "console/frames.hpp"
#include "console/titles.hpp"

namespace relapse::console {
namespace {

using Row = HeadlineRow;

bool endsWithWords(std::string_view rest, std::string_view words) {
  return rest.find(words) != std::string_view::npos;
}

std::string lowerFirst(std::string_view text) {
  std::string lowered(text);
  const bool acronym = lowered.size() > 1 && std::isupper(static_cast<unsigned char>(lowered[1])) != 0;
  if (!lowered.empty() && !acronym) {
    lowered[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(lowered[0])));
  }
  return lowered;
}

// "comm:pid"; comm may hold ':' itself.
bool readTask(std::string_view text, Headline& headline) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  Cursor number(text.substr(colon + 1));
  headline.pid = number.decimal();
  headline.task = text.substr(0, colon);
  return headline.pid.has_value() && number.atEnd();
}

// "1 stuck for 22s! [ICCCCEKF/ICCEqu:2649529]"; comm may hold ']' and spaces.
bool readSoftLockup(std::string_view rest, Headline& headline) {
  Cursor cursor(rest);
  headline.cpu = cursor.decimal();
  if (!headline.cpu || !cursor.take(" stuck for ") || !cursor.decimal() || !cursor.take("s!")) return false;
  if (cursor.atEnd()) return true;
  if (!cursor.take(" [")) return false;
  const std::string_view inside = cursor.rest();
  const std::size_t past = inside.rfind(']');
  if (past != std::string_view::npos) return readTask(inside.substr(0, past), headline);
  headline.task = inside.substr(0, inside.rfind(':'));  // the line lost its end
  return true;
}

bool readCpu(std::string_view rest, Headline& headline) {
  headline.cpu = Cursor(rest).decimal();
  return headline.cpu.has_value();
}

// "cat:70 blocked for more than 10 seconds.", "cat:70 can't die for more than 143 seconds."
bool readHungTask(std::string_view rest, Headline& headline) {
  static constexpr std::array<std::string_view, 3> kVerbs{
      " blocked for more than ", " blocked in I/O wait for more than ", " can't die for more than "};
  return std::any_of(kVerbs.begin(), kVerbs.end(), [&](std::string_view verb) {
    const std::size_t past = rest.rfind(verb);
    return past != std::string_view::npos && readTask(rest.substr(0, past), headline);
  });
}

// "rcu_preempt self-detected stall on CPU", "rcu_sched detected expedited stalls on CPUs/tasks: { 1-... }"
bool readRcuStall(std::string_view rest, Headline& headline) {
  Cursor stalled(rest);
  if (stalled.before("{ ")) headline.cpu = stalled.decimal();
  return endsWithWords(rest, " self-detected stall on CPU") || endsWithWords(rest, " detected stalls on CPUs/tasks") ||
         endsWithWords(rest, " detected expedited stalls on CPUs/tasks") ||
         endsWithWords(rest, " detected stalls on tasks");
}

// " cpus=1 node=0 flags=0x0 nice=0 stuck for 31s!"
bool readWorkqueueLockup(std::string_view rest, Headline& headline) {
  Cursor cursor(rest);
  if (!cursor.take(" cpus=")) return false;
  const auto cpu = cursor.decimal();
  if (cursor.take(' ')) headline.cpu = cpu;
  return true;
}

// "paging request at virtual address ffff800012345678", "kernel NULL pointer dereference at 0000000000000080",
// "page fault for address: ffff800012345678"
bool readUnableToHandle(std::string_view rest, Headline& headline) {
  if (endsWithWords(rest, "NULL pointer dereference"))
    headline.words = "NULL pointer dereference";
  else if (endsWithWords(rest, "paging request") || endsWithWords(rest, "page fault"))
    headline.words = "paging request";
  else if (const std::size_t past = rest.find(" at "); past != std::string_view::npos)
    headline.words = rest.substr(0, past);
  else
    return false;
  return true;
}

// "synchronous external abort (0x96000210) at 0x0000ffff", "page domain fault (0x01b) at 0x00000000"
bool readUnhandledFault(std::string_view rest, Headline& headline) {
  headline.words = rest.substr(0, rest.find(" ("));
  return !headline.words.empty();
}

// "Oops - Undefined instruction: 0000000002000000 [#1] SMP"
bool readInternalError(std::string_view rest, Headline& headline) {
  const std::size_t code = rest.rfind(": ", rest.find(" [#"));
  if (code == std::string_view::npos) return false;
  Cursor cause(rest.substr(0, code));
  cause.take("Oops - ");
  headline.words = cause.rest().empty() ? "internal error" : lowerFirst(cause.rest());
  return true;
}

struct Check {
  std::string_view file;
  EventKind kind;
  std::string_view words;
};

// Checks of the kernel's own data that only warn: what they find is a bug of whoever called them.
constexpr std::array kChecks{
    Check{"lib/list_debug.c:", EventKind::KernelBug, "list corruption"},
    Check{"lib/refcount.c:", EventKind::KernelBug, "refcount bug"},
    Check{"mm/usercopy.c:", EventKind::KernelBug, "bad usercopy"},
    Check{"kernel/locking/lockdep.c:", EventKind::Lockdep, "lockdep: locking bug"},
};

void nameCheck(std::string_view place, Headline& headline) {
  const auto check =
      std::find_if(kChecks.begin(), kChecks.end(), [&](const Check& row) { return endsWithWords(place, row.file); });
  if (check == kChecks.end()) return;
  headline.kind = check->kind;
  headline.words = check->words;
}

// "1 PID: 2 at fs/nfs/write.c:80 nfs_wb_page+0x70/0x1b4"
bool readWarning(std::string_view rest, Headline& headline) {
  Cursor cursor(rest);
  headline.cpu = cursor.decimal();
  if (!headline.cpu || !cursor.take(" PID: ")) return false;
  headline.pid = cursor.decimal();
  if (!headline.pid || !cursor.take(" at ")) return false;
  const std::string_view place = cursor.rest();
  nameCheck(place, headline);
  headline.function = readFrame(place.substr(0, place.find(" [")));
  const std::size_t blank = place.find(' ');
  if (!headline.function && blank != std::string_view::npos) headline.function = readFrame(place.substr(blank));
  return true;
}

// "fs/nfs/write.c:80 at nfs_wb_page+0x70/0x1b4, CPU#1: wr/67", with "[condition] " in front or not: from 6.19 on
bool readShortWarning(std::string_view rest, Headline& headline) {
  const std::size_t at = rest.find(" at ");
  const std::size_t comma = rest.rfind(", CPU#");
  if (at == std::string_view::npos || comma == std::string_view::npos || comma < at) return false;
  Cursor cursor(rest.substr(comma + 6));
  headline.cpu = cursor.decimal();
  const std::string_view owner = cursor.take(": ") ? cursor.rest() : std::string_view{};
  const std::size_t slash = owner.rfind('/');
  if (!headline.cpu || slash == std::string_view::npos) return false;
  headline.task = owner.substr(0, slash);
  headline.pid = Cursor(owner.substr(slash + 1)).decimal();
  nameCheck(rest.substr(0, at), headline);
  headline.function = readFrame(rest.substr(at + 4, comma - at - 4));
  return true;
}

// "kernel stack regs at ffff... in wr:67 has bad 'bp' value ..."
bool readUnwinder(std::string_view rest, Headline& headline) {
  headline.namesFunction = false;
  return endsWithWords(rest, " value");
}

struct Saying {
  std::string_view start;
  std::string_view words;
  Extent extent = Extent::Report;
  bool holder = false;  // the bug is where the lock was taken, or let go
  bool locks = false;   // ... where the lock is wanted, or the one that is held was
};

// What lockdep says behind "WARNING: ", "BUG: " or "INFO: ", which have changed over the years.
// kernel/locking/{lockdep,rtmutex-debug}.c, include/linux/rcupdate.h
constexpr std::array kSayings{
    Saying{"inconsistent lock state", "inconsistent lock state"},
    Saying{"bad unlock balance detected", "bad unlock balance", Extent::Report, true},
    Saying{"held lock freed", "held lock freed", Extent::Report, true},
    Saying{"lock held when returning to user space", "lock held at return to user space", Extent::Text, true},
    Saying{"suspicious RCU usage", "suspicious RCU usage"},
    Saying{"Nested lock was not taken", "nested lock not taken", Extent::Report, false, true},
    Saying{"circular locking deadlock detected", "circular locking deadlock"},
    Saying{"Invalid wait context", "invalid wait context"},
    Saying{"trying to register non-static key", "non-static key"},
    Saying{"MAX_", "limit reached"},
};

bool readLockdep(std::string_view rest, Headline& headline) {
  if (rest.ends_with(" ]")) rest.remove_suffix(2);
  if (const std::size_t end = rest.find(" detected"); rest.starts_with("possible ") && end != std::string_view::npos) {
    headline.words.append(rest.substr(0, end));
    headline.locks = true;
    return true;
  }
  const auto said =
      std::find_if(kSayings.begin(), kSayings.end(), [&](const Saying& row) { return rest.starts_with(row.start); });
  if (said != kSayings.end()) {
    headline.words.append(said->words);
    headline.extent = said->extent;
    headline.holder = said->holder;
    headline.locks = said->locks;
    return true;
  }
  const bool order = rest.ends_with("-unsafe lock order detected");
  if (!order && !rest.ends_with(" still has locks held!")) return false;
  headline.words.append(order ? "irq lock order" : "locks held at exit");
  headline.holder = !order;
  headline.usage = order;
  return true;
}

// "lib/list_debug.c:47!"
bool readKernelBug(std::string_view rest, Headline& headline) {
  nameCheck(rest, headline);
  return true;
}

// "smp_processor_id() in preemptible [00000000] code: wr/67"
bool readPreemptible(std::string_view rest, Headline& headline) {
  const std::size_t past = rest.find(" in preemptible");
  headline.words = rest.substr(0, past);
  headline.words.append(" in preemptible code");
  return past != std::string_view::npos;
}

// "kmalloc-64 (Not tainted): Redzone overwritten"
bool readSlab(std::string_view rest, Headline& headline) {
  const std::size_t past = rest.find("): ");
  if (past == std::string_view::npos || !endsWithWords(rest, "ainted")) return false;
  if (endsWithWords(rest, "kasan:")) return false;  // KASAN's report follows
  headline.words.append(lowerFirst(rest.substr(past + 3)));
  return true;
}

// "use-after-free in nfs_wb_page+0x70/0x1b4", up to 4.10 " at addr ffff8800..." behind it
bool readSanitizer(std::string_view rest, Headline& headline) {
  rest = rest.substr(0, rest.find(" at addr "));
  const std::size_t in = rest.rfind(" in ");
  headline.words.append(rest.substr(0, in));
  if (in != std::string_view::npos) headline.function = readFrame(rest.substr(in + 4));
  return true;
}

// "data-race in nfs_wb_page / nfs_commit_end": the pair is the bug's name.
bool readRace(std::string_view rest, Headline& headline) {
  std::string pair = withoutAddresses(rest);
  for (std::size_t at = pair.find(" ["); at != std::string::npos; at = pair.find(" [", at)) {
    const std::size_t end = pair.find(']', at);
    if (end == std::string::npos) break;
    pair.erase(at, end - at + 1);
  }
  headline.words.append(pair);
  headline.namesFunction = false;
  return true;
}

// The whole of `words`, or what a cut line has of them.
bool beginsAs(std::string_view text, std::string_view words) {
  return words.starts_with(text);
}

// The text of a panic. 6.1 puts the oops' name before it: "Oops: Fatal exception".
bool readPanic(std::string_view rest, Headline& headline) {
  // ... that a warning asked for, and whose trace is printed in place of the warning's
  const bool asked = endsWithWords(rest, "panic_on_warn set") || beginsAs(rest, "panic_on_warn set ...") ||
                     beginsAs(rest, "scheduling while atomic");
  if (asked) headline.extent = Extent::Continues;
  const std::size_t fatal = rest.find(": Fatal exception");
  if (fatal != std::string_view::npos) rest.remove_prefix(fatal + 2);
  headline.words.append(withoutAddresses(trimmed(rest)));
  headline.namesFunction = false;
  return true;
}

// "nfs_wb_page+0x70/0x1b4"; an address before 4.20
bool readStackProtector(std::string_view rest, Headline& headline) {
  headline.function = readFrame(rest);
  return true;
}

bool readAsIs(std::string_view, Headline& headline) {
  headline.namesFunction = false;
  return true;
}

// "unreferenced object 0xffff888102e5b600 (size 64):", from the kernel's own log or a copy of kmemleak's file
bool readUnreferenced(std::string_view rest, Headline&) {
  Cursor cursor(rest);
  return cursor.take("0x") && cursor.hexadecimal() && cursor.take(" (size ");
}

bool readLeaks(std::string_view rest, Headline& headline) {
  headline.namesFunction = false;
  Cursor cursor(rest);
  return cursor.decimal() && cursor.take(" new suspected memory leaks");
}

// "lo to become free. Usage count = 2"
bool readHeldDevice(std::string_view rest, Headline& headline) {
  const std::size_t past = rest.find(" to become free");
  headline.words.append(rest.substr(0, past));
  headline.namesFunction = false;
  return past != std::string_view::npos;
}

// "Killed process 123 (dd) total-vm:...", "Kill process 123 (dd) score 900 or sacrifice child" (before 5.x)
bool readVictim(std::string_view rest, Headline& headline) {
  headline.namesFunction = false;
  Cursor cursor(rest);
  cursor.take("ed");
  if (!cursor.take(" process ")) return false;
  headline.pid = cursor.decimal();
  if (!headline.pid || !cursor.take(" (")) return false;
  const std::string_view comm = cursor.rest();
  const std::size_t end = std::min({comm.rfind(") total-vm:"), comm.rfind(") score "), comm.rfind("), UID ")});
  if (end == std::string_view::npos) return false;
  headline.task = comm.substr(0, end);
  headline.words.append(" killed ").append(headline.task);
  if (rest.starts_with("ed ")) headline.extent = Extent::Ends;
  return true;
}

// "6.1.192 (r@r) (aarch64-linux-gnu-gcc ...) #1 SMP ..."
bool readVersion(std::string_view rest, Headline& headline) {
  const std::size_t past = rest.find(" (");
  if (past == std::string_view::npos || past == 0) return false;
  headline.release = rest.substr(0, past);
  headline.words.append(headline.release);
  headline.namesFunction = false;
  return true;
}

// "/init as init process"
bool readInit(std::string_view rest, Headline& headline) {
  headline.words.append(rest);
  headline.namesFunction = false;
  return rest.ends_with(" as init process");
}

// "127.0.0.1 not responding, still trying", "127.0.0.1 OK"
bool readServer(std::string_view rest, Headline& headline) {
  headline.namesFunction = false;
  const bool silent = endsWithWords(rest, " not responding, ");
  headline.words = silent ? "nfs server not responding" : "nfs server OK";
  return silent || rest.ends_with(" OK");
}

using enum EventKind;

// The first row that fits is taken.
constexpr std::array kRows{
    Row{"BUG: soft lockup - CPU#", SoftLockup, "soft lockup", readSoftLockup},         // kernel/watchdog.c
    Row{"Watchdog detected hard LOCKUP on cpu ", HardLockup, "hard lockup", readCpu},  // kernel/watchdog_hld.c
    Row{"INFO: task ", HungTask, "hung task", readHungTask},                           // kernel/hung_task.c
    Row{"Kernel panic - not syncing: hung_task: blocked tasks", HungTask, "hung task: panic", readAsIs},  // likewise
    Row{"INFO: rcu", RcuStall, "RCU stall", readRcuStall},  // kernel/rcu/{tree,tree_stall,tree_exp,tasks,update}
    Row{"BUG: workqueue lockup - pool", WorkqueueLockup, "workqueue lockup",
        readWorkqueueLockup},  // kernel/workqueue.c

    Row{"Kernel panic - not syncing: Watchdog detected hard LOCKUP on cpu ", HardLockup, "hard lockup",
        readCpu},  // kernel/watchdog_hld.c, up to 4.9

    // arch/arm64/mm/fault.c, arch/arm64/kernel/{traps,entry-common}.c
    Row{"Unable to handle kernel ", Oops, "", readUnableToHandle},
    Row{"Internal error: Oops - BUG: ", KernelBug, "kernel BUG", nullptr, Extent::Continues},
    Row{"Internal error: ", Oops, "", readInternalError, Extent::Continues},
    Row{"SError Interrupt on CPU", Oops, "SError", readCpu},
    Row{"Bad mode in Error handler detected on CPU", Oops, "SError", readCpu},
    Row{"Bad mode in Synchronous Abort handler detected on CPU", Oops, "unhandled exception", readCpu},
    Row{"Unhandled 64-bit el1h sync exception on CPU", Oops, "unhandled exception", readCpu},
    Row{"Unhandled 64-bit el1h error exception on CPU", Oops, "SError", readCpu},
    Row{"Insufficient stack space to handle exception!", Oops, "stack overflow", nullptr},
    Row{"Unhandled fault: ", Oops, "", readUnhandledFault},  // likewise, and arch/arm/mm/fault.c
    Row{"Synchronous External Abort: ", Oops, "synchronous external abort", nullptr},
    // arch/x86/mm/fault.c, arch/x86/kernel/{traps,dumpstack}.c
    Row{"BUG: unable to handle ", Oops, "", readUnableToHandle},
    Row{"BUG: kernel NULL pointer dereference", Oops, "NULL pointer dereference", nullptr},
    Row{"BUG: stack guard page was hit", Oops, "stack overflow", nullptr},
    Row{"BUG: TASK stack guard page was hit", Oops, "stack overflow", nullptr},
    Row{"general protection fault", Oops, "general protection fault", nullptr, Extent::Continues},
    Row{"Oops: general protection fault", Oops, "general protection fault", nullptr, Extent::Continues},
    Row{"segment-related general protection fault", Oops, "general protection fault", nullptr, Extent::Continues},
    Row{"stack segment: ", Oops, "stack segment fault", nullptr, Extent::Continues},
    Row{"int3: ", Oops, "int3", nullptr, Extent::Continues}, Row{"PANIC: double fault", Oops, "double fault", nullptr},
    Row{"divide error: ", Oops, "divide error", nullptr, Extent::Continues},
    Row{"divide_error: ", Oops, "divide error", nullptr, Extent::Continues},  // likewise, by the handler's name
    Row{"Oops: divide error: ", Oops, "divide error", nullptr, Extent::Continues},
    Row{"double fault: ", Oops, "double fault", nullptr, Extent::Continues},
    Row{"invalid opcode: ", Oops, "undefined instruction", nullptr, Extent::Continues},
    Row{"Oops: ", Oops, "oops", nullptr, Extent::Continues},

    Row{"kernel BUG at ", KernelBug, "kernel BUG", readKernelBug},                 // lib/bug.c
    Row{"Kernel BUG at ", KernelBug, "kernel BUG", nullptr},                       // likewise, not verbose
    Row{"BUG: Bad page state in process ", KernelBug, "bad page state", nullptr},  // mm/page_alloc.c
    Row{"BUG: Bad page map in process ", KernelBug, "bad page map", nullptr},      // mm/memory.c
    Row{"BUG: Bad page cache in process ", KernelBug, "bad page cache", nullptr},  // mm/filemap.c
    Row{"BUG: sleeping function called from invalid context at ", KernelBug, "sleeping function called",
        nullptr},                                                                          // kernel/sched/core.c
    Row{"BUG: scheduling while atomic: ", KernelBug, "scheduling while atomic", nullptr},  // likewise
    Row{"BUG: spinlock ", KernelBug, "spinlock bug", nullptr},  // kernel/locking/spinlock_debug.c
    Row{"BUG: rwlock ", KernelBug, "rwlock bug", nullptr},      // likewise
    Row{"BUG: Bad rss-counter state ", KernelBug, "bad rss-counter state", readAsIs, Extent::Line},  // kernel/fork.c
    Row{"BUG: Dentry ", KernelBug, "dentry still in use in unmount", readAsIs},                      // fs/dcache.c
    Row{"VFS: Busy inodes after unmount", KernelBug, "busy inodes after unmount", readAsIs,
        Extent::Line},                                                                                  // fs/super.c
    Row{"VFS: Close: file count is 0", KernelBug, "file count is 0 at close", readAsIs, Extent::Line},  // fs/open.c
    Row{"BUG ", KernelBug, "slab: ", readSlab},                                                         // mm/slub.c
    Row{"BUG: using ", KernelBug, "", readPreemptible},  // lib/smp_processor_id.c
    Row{"BUG: workqueue leaked lock or atomic: ", KernelBug, "workqueue leaked lock", nullptr},  // kernel/workqueue.c
    Row{"unregister_netdevice: waiting for ", KernelBug, "net device still in use at unregister: ", readHeldDevice,
        Extent::Line},  // net/core/dev.c
    // kernel/panic.c, kernel/sched/core.c
    Row{"Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: ", Panic,
        "panic: stack is corrupted", readStackProtector},
    Row{"Kernel panic - not syncing: corrupted stack end", Panic, "panic: corrupted stack end", nullptr},
    Row{"Kernel panic - not syncing: ", Panic, "panic: ", readPanic},
    Row{"WARNING: CPU: ", Warning, "WARNING", readWarning},  // kernel/panic.c
    Row{"WARNING: kernel stack ", Warning, "WARNING: bad kernel stack",
        readUnwinder},                                       // arch/x86/kernel/unwind_frame.c
    Row{"WARNING: ", Lockdep, "lockdep: ", readLockdep},     // kernel/locking/lockdep.c
    Row{"BUG: ", Lockdep, "lockdep: ", readLockdep},         // likewise
    Row{"INFO: ", Lockdep, "lockdep: ", readLockdep},        // likewise, up to 4.13
    Row{"WARNING: ", Warning, "WARNING", readShortWarning},  // lib/bug.c

    Row{"BUG: KASAN: ", Sanitizer, "KASAN: ", readSanitizer},                            // mm/kasan/report.c
    Row{"BUG: KFENCE: ", Sanitizer, "KFENCE: ", readSanitizer},                          // mm/kfence/report.c
    Row{"BUG: KMSAN: ", Sanitizer, "KMSAN: ", readSanitizer},                            // mm/kmsan/report.c
    Row{"BUG: KCSAN: ", Sanitizer, "KCSAN: ", readRace},                                 // kernel/kcsan/report.c
    Row{"UBSAN: ", Sanitizer, "UBSAN: ", readSanitizer},                                 // lib/ubsan.c
    Row{"kmemleak: ", Kmemleak, "new suspected memory leaks", readLeaks, Extent::Line},  // mm/kmemleak.c
    Row{"unreferenced object ", Kmemleak, "memory leak", readUnreferenced},              // likewise
    Row{"kmemleak: unreferenced object ", Kmemleak, "memory leak", readUnreferenced},    // likewise, kmemleak.verbose

    // mm/oom_kill.c
    Row{"Out of memory: Kill", Oom, "out of memory:", readVictim, Extent::Continues},
    Row{"Out of memory (oom_kill_allocating_task): Kill", Oom, "out of memory:", readVictim, Extent::Continues},
    Row{"Memory cgroup out of memory: Kill", Oom, "memory cgroup out of memory:", readVictim, Extent::Continues},
    Row{"Killed process ", Oom, "out of memory:",
        [](std::string_view rest, Headline& headline) {
          return readVictim("ed process " + std::string(rest), headline);
        },
        Extent::Continues},

    Row{"Linux version ", BootMilestone, "Linux version ", readVersion, Extent::Line},  // init/version.c
    Row{"Run ", BootMilestone, "Run ", readInit, Extent::Line},                         // init/main.c
    Row{"nfs: server ", NfsServer, "", readServer, Extent::Line},                       // net/sunrpc/clnt.c
    Row{"NFS: server ", NfsServer, "", readServer, Extent::Line},                       // likewise
};

// pr_fmt() of the files above.
constexpr std::array kSubsystems{
    SubsystemRow{"[ "},  // "[ INFO: possible circular locking dependency detected ]": lockdep, up to 4.13
    SubsystemRow{"traps: "},
    SubsystemRow{
        "kasan: GPF could be caused by NULL-ptr deref or user memory access"},  // without a line's end, up to 4.14
    SubsystemRow{"watchdog: "},
    SubsystemRow{"rcu: "},
    SubsystemRow{"NMI watchdog: "},
    SubsystemRow{"SDEI NMI watchdog: "},
};

std::optional<Headline> readRow(const Row& row, std::string_view text) {
  Headline headline{.kind = row.kind, .extent = row.extent, .words = std::string(row.words)};
  if (row.read != nullptr && !row.read(text.substr(row.start.size()), headline)) return std::nullopt;
  return headline;
}

}  // namespace

HeadlineTable::HeadlineTable() : headlines_(kRows), subsystems_(kSubsystems) {}

std::optional<Headline> HeadlineTable::read(std::string_view text, bool cut) const {
  if (!mayBegin(text)) return std::nullopt;
  subsystems_.any(text, [&](const SubsystemRow& subsystem) {
    text.remove_prefix(subsystem.start.size());
    return true;
  });
  std::optional<Headline> headline;
  headlines_.any(text, [&](const Row& row) {
    headline = readRow(row, text);
    return headline.has_value();
  });
  if (headline && cut && (isAmbiguous(text, headline->kind) || !isPlaced(*headline))) return std::nullopt;
  return headline;
}

// The file that a warning names decides about its kind, and comes before the function.
bool HeadlineTable::isPlaced(const Headline& headline) {
  return headline.kind != EventKind::Warning || headline.function || !headline.namesFunction;
}

// A line that lost its end may be the start of another row's line, too.
bool HeadlineTable::isAmbiguous(std::string_view text, EventKind kind) const {
  return std::any_of(headlines_.rows().begin(), headlines_.rows().end(),
                     [&](const Row& row) { return row.kind != kind && row.start.starts_with(text); });
}

std::string HeadlineTable::rowName(std::size_t row) const {
  const auto& rows = headlines_.rows();
  if (row < rows.size()) return "headline: " + std::string(rows[row].start);
  return "subsystem: " + std::string(subsystems_.rows()[row - rows.size()].start);
}

void HeadlineTable::remove(std::size_t row) {
  const std::size_t headlines = headlines_.rows().size();
  row < headlines ? headlines_.remove(row) : subsystems_.remove(row - headlines);
}

bool isOomInvocation(std::string_view text) {
  return text.find(" invoked oom-killer: gfp_mask=") != std::string_view::npos;
}

std::string withoutAddresses(std::string_view text) {
  std::string kept;
  for (std::size_t i = 0; i < text.size();) {
    Cursor cursor(text.substr(i));
    const bool offset = cursor.take("+0x");
    if (!offset && !cursor.take("0x")) {
      kept += text[i++];
      continue;
    }
    const std::string_view digits = cursor.rest();
    cursor.hexadecimal();
    const bool address = digits.size() - cursor.rest().size() > 8;
    if (offset && cursor.take("/0x")) cursor.hexadecimal();
    const std::size_t length = text.size() - i - cursor.rest().size();
    if (!offset) kept.append(address ? std::string_view{"ADDRESS"} : text.substr(i, length));
    i += length;
  }
  return kept;
}

}  // namespace relapse::console
