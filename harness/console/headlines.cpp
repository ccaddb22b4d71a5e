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

// Reads what stands behind a row's start. False: the line only looked like a headline.
using Reader = bool (*)(std::string_view rest, Headline& headline);

struct Row {
  std::string_view start;
  EventKind kind;
  std::string_view words;
  Reader read = nullptr;
  Extent extent = Extent::Report;
};

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

// "cat:70 blocked for more than 10 seconds."
bool readHungTask(std::string_view rest, Headline& headline) {
  const std::size_t past = rest.rfind(" blocked for more than ");
  return past != std::string_view::npos && readTask(rest.substr(0, past), headline);
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

// "paging request at virtual address ffff800012345678"
bool readUnableToHandle(std::string_view rest, Headline& headline) {
  const std::size_t past = rest.find(" at virtual address");
  if (past == std::string_view::npos) return false;
  headline.words = rest.substr(0, past);
  return true;
}

// "Oops - Undefined instruction: 0000000002000000 [#1] SMP"
bool readInternalError(std::string_view rest, Headline& headline) {
  const std::size_t code = rest.rfind(": ", rest.find(" [#"));
  if (code == std::string_view::npos) return false;
  Cursor cause(rest.substr(0, code));
  cause.take("Oops - ");
  headline.words = lowerFirst(cause.rest());
  return true;
}

// "1 PID: 2 at fs/nfs/write.c:80 nfs_wb_page+0x70/0x1b4"
bool readWarning(std::string_view rest, Headline& headline) {
  Cursor cursor(rest);
  headline.cpu = cursor.decimal();
  if (!headline.cpu || !cursor.take(" PID: ")) return false;
  headline.pid = cursor.decimal();
  if (!headline.pid || !cursor.take(" at ")) return false;
  const std::string_view place = cursor.rest();
  headline.function = readFrame(place.substr(0, place.find(" [")));
  const std::size_t blank = place.find(' ');
  if (!headline.function && blank != std::string_view::npos) headline.function = readFrame(place.substr(blank));
  return true;
}

// What lockdep says less the verb: "possible recursive locking detected" -> "possible recursive locking"
bool readLockdep(std::string_view rest, Headline& headline) {
  headline.words.append(rest.substr(0, rest.find(" detected")));
  while (headline.words.ends_with('!')) headline.words.pop_back();
  return true;
}

// "HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", "cat/70 still has locks held!"; any other WARNING is none.
bool readOtherLockdep(std::string_view rest, Headline& headline) {
  if (endsWithWords(rest, "-unsafe lock order detected"))
    headline.words.append("irq lock order");
  else if (rest.ends_with(" still has locks held!"))
    headline.words.append("locks held at exit");
  else
    return false;
  return true;
}

// "use-after-free in nfs_wb_page+0x70/0x1b4"
bool readSanitizer(std::string_view rest, Headline& headline) {
  const std::size_t in = rest.rfind(" in ");
  headline.words.append(rest.substr(0, in));
  if (in != std::string_view::npos) headline.function = readFrame(rest.substr(in + 4));
  return true;
}

// "data-race in nfs_wb_page / nfs_commit_end": the pair is the bug's name.
bool readRace(std::string_view rest, Headline& headline) {
  headline.words.append(withoutAddresses(rest));
  headline.namesFunction = false;
  return true;
}

// The text of a panic. 6.1 puts the oops' name before it: "Oops: Fatal exception".
bool readPanic(std::string_view rest, Headline& headline) {
  const std::size_t fatal = rest.find(": Fatal exception");
  if (fatal != std::string_view::npos) rest.remove_prefix(fatal + 2);
  headline.words.append(withoutAddresses(trimmed(rest)));
  headline.namesFunction = false;
  return true;
}

bool readAsIs(std::string_view, Headline& headline) {
  headline.namesFunction = false;
  return true;
}

bool readLeaks(std::string_view rest, Headline& headline) {
  headline.namesFunction = false;
  Cursor cursor(rest);
  return cursor.decimal() && cursor.take(" new suspected memory leaks");
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
    Row{"Synchronous External Abort: ", Oops, "synchronous external abort", nullptr},
    // arch/x86/mm/fault.c, arch/x86/kernel/{traps,dumpstack}.c
    Row{"BUG: unable to handle kernel NULL pointer dereference", Oops, "NULL pointer dereference", nullptr},
    Row{"BUG: kernel NULL pointer dereference", Oops, "NULL pointer dereference", nullptr},
    Row{"BUG: unable to handle kernel paging request", Oops, "paging request", nullptr},
    Row{"BUG: unable to handle page fault", Oops, "paging request", nullptr},
    Row{"BUG: stack guard page was hit", Oops, "stack overflow", nullptr},
    Row{"BUG: TASK stack guard page was hit", Oops, "stack overflow", nullptr},
    Row{"general protection fault", Oops, "general protection fault", nullptr, Extent::Continues},
    Row{"Oops: general protection fault", Oops, "general protection fault", nullptr, Extent::Continues},
    Row{"divide error: ", Oops, "divide error", nullptr, Extent::Continues},
    Row{"Oops: divide error: ", Oops, "divide error", nullptr, Extent::Continues},
    Row{"double fault: ", Oops, "double fault", nullptr, Extent::Continues},
    Row{"invalid opcode: ", Oops, "undefined instruction", nullptr, Extent::Continues},
    Row{"Oops: ", Oops, "oops", nullptr, Extent::Continues},

    Row{"kernel BUG at ", KernelBug, "kernel BUG", nullptr},                       // lib/bug.c
    Row{"Kernel BUG at ", KernelBug, "kernel BUG", nullptr},                       // likewise, not verbose
    Row{"BUG: Bad page state in process ", KernelBug, "bad page state", nullptr},  // mm/page_alloc.c
    Row{"BUG: Bad page map in process ", KernelBug, "bad page map", nullptr},      // mm/memory.c
    Row{"BUG: Bad page cache in process ", KernelBug, "bad page cache", nullptr},  // mm/filemap.c
    Row{"BUG: sleeping function called from invalid context at ", KernelBug, "sleeping function called",
        nullptr},                                                                          // kernel/sched/core.c
    Row{"BUG: scheduling while atomic: ", KernelBug, "scheduling while atomic", nullptr},  // likewise
    Row{"BUG: spinlock ", KernelBug, "spinlock bug", nullptr},  // kernel/locking/spinlock_debug.c
    Row{"BUG: rwlock ", KernelBug, "rwlock bug", nullptr},      // likewise
    Row{"BUG: using ", KernelBug, "smp_processor_id() in preemptible code", nullptr},  // lib/smp_processor_id.c
    Row{"BUG: workqueue leaked lock or atomic: ", KernelBug, "workqueue leaked lock", nullptr},  // kernel/workqueue.c
    Row{"Kernel panic - not syncing: ", Panic, "panic: ", readPanic},                            // kernel/panic.c
    Row{"WARNING: CPU: ", Warning, "WARNING", readWarning},                                      // likewise

    // kernel/locking/{lockdep,rtmutex-debug}.c, include/linux/rcupdate.h
    Row{"WARNING: possible ", Lockdep, "lockdep: possible ", readLockdep},
    Row{"WARNING: inconsistent lock state", Lockdep, "lockdep: inconsistent lock state", nullptr},
    Row{"WARNING: bad unlock balance", Lockdep, "lockdep: bad unlock balance", nullptr},
    Row{"WARNING: held lock freed!", Lockdep, "lockdep: held lock freed", nullptr},
    Row{"WARNING: lock held when returning to user space!", Lockdep, "lockdep: lock held at return to user space",
        nullptr, Extent::Text},
    Row{"WARNING: suspicious RCU usage", Lockdep, "lockdep: suspicious RCU usage", nullptr},
    Row{"WARNING: Nested lock was not taken", Lockdep, "lockdep: nested lock not taken", nullptr},
    Row{"WARNING: circular locking deadlock", Lockdep, "lockdep: circular locking deadlock", nullptr},
    Row{"WARNING: ", Lockdep, "lockdep: ", readOtherLockdep},

    Row{"BUG: KASAN: ", Sanitizer, "KASAN: ", readSanitizer},                            // mm/kasan/report.c
    Row{"BUG: KFENCE: ", Sanitizer, "KFENCE: ", readSanitizer},                          // mm/kfence/report.c
    Row{"BUG: KMSAN: ", Sanitizer, "KMSAN: ", readSanitizer},                            // mm/kmsan/report.c
    Row{"BUG: KCSAN: ", Sanitizer, "KCSAN: ", readRace},                                 // kernel/kcsan/report.c
    Row{"UBSAN: ", Sanitizer, "UBSAN: ", readSanitizer},                                 // lib/ubsan.c
    Row{"kmemleak: ", Kmemleak, "new suspected memory leaks", readLeaks, Extent::Line},  // mm/kmemleak.c

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
constexpr std::array<std::string_view, 4> kSubsystems{"watchdog: ", "rcu: ", "NMI watchdog: ", "SDEI NMI watchdog: "};

// Most lines begin with a byte that no row begins with.
bool mayBegin(char c) {
  static const auto table = [] {
    std::array<bool, 256> bytes{};
    for (const Row& row : kRows) bytes[static_cast<unsigned char>(row.start.front())] = true;
    for (const std::string_view row : kSubsystems) bytes[static_cast<unsigned char>(row.front())] = true;
    return bytes;
  }();
  return table[static_cast<unsigned char>(c)];
}

// A line that lost its end may be the start of another row's line, too.
bool isAmbiguous(std::string_view text, EventKind kind) {
  return std::any_of(kRows.begin(), kRows.end(),
                     [&](const Row& row) { return row.kind != kind && row.start.starts_with(text); });
}

std::optional<Headline> readRow(const Row& row, std::string_view text) {
  if (!text.starts_with(row.start)) return std::nullopt;
  Headline headline{.kind = row.kind, .extent = row.extent, .words = std::string(row.words)};
  if (row.read != nullptr && !row.read(text.substr(row.start.size()), headline)) return std::nullopt;
  return headline;
}

}  // namespace

std::optional<Headline> readHeadline(std::string_view text, bool cut) {
  if (text.empty() || !mayBegin(text.front())) return std::nullopt;
  for (const std::string_view subsystem : kSubsystems) {
    if (text.starts_with(subsystem)) text.remove_prefix(subsystem.size());
  }
  for (const Row& row : kRows) {
    auto headline = readRow(row, text);
    if (!headline) continue;
    if (cut && isAmbiguous(text, headline->kind)) return std::nullopt;
    return headline;
  }
  return std::nullopt;
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
