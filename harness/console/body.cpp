// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/body.hpp"

#include <algorithm>
#include <array>

#include "console/cursor.hpp"
#include "console/frames.hpp"

namespace relapse::console {
namespace {

using Reader = std::optional<BodyLine> (*)(std::string_view rest);

struct Row {
  std::string_view start;
  Reader read = nullptr;  // none: a Detail
};

template <class Made>
std::optional<BodyLine> as(std::string_view) {
  return Made{};
}

template <class Made>
std::optional<BodyLine> withCpu(std::string_view rest) {
  const auto cpu = Cursor(rest).decimal();
  if (!cpu) return std::nullopt;
  return Made{*cpu};
}

std::optional<BodyLine> readPc(std::string_view rest) {
  return ProgramCounter{readLocation(rest)};
}
std::optional<BodyLine> readLr(std::string_view rest) {
  return LinkRegister{readLocation(rest)};
}

// "0010:nfs_wb_page+0x70/0x1b4", "0010:[<ffffffff81234567>]  [<ffffffff81234567>] nfs_wb_page+0x70/0x1b4";
// segment 0033 is user space.
std::optional<BodyLine> readRip(std::string_view rest) {
  Cursor cursor(rest);
  const auto segment = cursor.hexadecimal();
  if (!segment || !cursor.take(':')) return std::nullopt;
  if ((*segment & 3u) != 0) return Detail{};
  std::string_view place = cursor.rest();
  const std::size_t second = place.find(" [<");
  if (second != std::string_view::npos) place.remove_prefix(second);
  return ProgramCounter{readLocation(place)};
}

// "wr              state:R  running task     stack:0     pid:67    ppid:60"
std::optional<BodyLine> readTask(std::string_view rest) {
  Cursor cursor(rest);
  const auto comm = cursor.before(" state:");
  if (!comm || !cursor.before(" pid:")) return std::nullopt;
  cursor.skipBlanks();
  const auto pid = cursor.decimal();
  if (!pid) return std::nullopt;
  return TaskLine{std::string(trimmed(*comm)), *pid};
}

// " 123:nfs_io_work, 124:other_work"
std::optional<BodyLine> readInFlight(std::string_view rest) {
  Cursor cursor(rest);
  cursor.skipBlanks();
  if (!cursor.decimal()) return std::nullopt;
  cursor.take("(RESCUER)");
  if (!cursor.take(':')) return std::nullopt;
  const std::string_view function = cursor.rest();
  return InFlight{std::string(function.substr(0, function.find_first_of(", +")))};
}

constexpr std::array kRows{
    Row{"Call trace:", as<TraceStart>},                               // arch/arm64/kernel/{traps,stacktrace}.c
    Row{"Call Trace:", as<TraceStart>},                               // arch/x86/kernel/dumpstack.c
    Row{"pc : ", readPc},                                             // arch/arm64/kernel/process.c
    Row{"lr : ", readLr},                                             // likewise
    Row{"PC is at ", readPc},                                         // likewise, up to 4.13
    Row{"LR is at ", readLr},                                         // likewise
    Row{"RIP: ", readRip},                                            // arch/x86/kernel/dumpstack.c
    Row{"---[ end trace ", as<TraceEnd>},                             // kernel/panic.c
    Row{"---[ end Kernel panic", as<PanicEnd>},                       // likewise
    Row{"Task dump for CPU ", withCpu<TaskDump>},                     // kernel/sched/core.c
    Row{"task:", readTask},                                           // likewise, from 5.11 on
    Row{"Sending NMI from CPU ", as<OtherCpus>},                      // lib/nmi_backtrace.c
    Row{"NMI backtrace for cpu ", withCpu<OtherCpu>},                 // likewise
    Row{"RCU grace-period kthread stack dump:", as<SideTrace>},       // kernel/rcu/tree*.{c,h}
    Row{"Stack dump where RCU GP kthread last ran:", as<SideTrace>},  // kernel/rcu/tree_stall.h
    Row{"in-flight:", readInFlight},                                  // kernel/workqueue.c

    Row{"Modules linked in:"},  // kernel/module*
    Row{"Hardware name:"},
    Row{"Workqueue:"},  // lib/dump_stack.c, kernel/workqueue.c
    Row{"pstate:"},
    Row{"sp :"},
    Row{"pmr_save:"},  // arch/arm64/kernel/process.c
    Row{"Process "},
    Row{"Code:"},
    Row{"Exception stack("},  // arch/arm64/kernel/traps.c
    Row{"Mem abort info:"},
    Row{"Data abort info:"},  // arch/arm64/mm/fault.c
    Row{"ESR ="},
    Row{"EC ="},
    Row{"SET ="},
    Row{"EA ="},
    Row{"FSC ="},
    Row{"ISV ="},
    Row{"CM ="},  // likewise
    Row{"Exception class ="},
    Row{"user pgtable:"},
    Row{"swapper pgtable:"},  // likewise
    Row{"RSP:"},
    Row{"RAX:"},
    Row{"RDX:"},
    Row{"RBP:"},
    Row{"R10:"},
    Row{"R13:"},
    Row{"FS:"},  // arch/x86
    Row{"CS:"},
    Row{"CR2:"},
    Row{"DR0:"},
    Row{"DR3:"},
    Row{"PKRU:"},
    Row{"ORIG_RAX:"},  // likewise
    Row{"PGD "},
    Row{"#PF:"},
    Row{"<TASK>"},
    Row{"</TASK>"},
    Row{"<IRQ>"},
    Row{"</IRQ>"},  // likewise
    Row{"<NMI>"},
    Row{"</NMI>"},
    Row{"<EOI>"},
    Row{"</EOI>"},  // likewise
    Row{"irq event stamp:"},
    Row{"hardirqs last"},
    Row{"softirqs last"},  // kernel/locking/lockdep.c
    Row{"SMP: stopping secondary CPUs"},
    Row{"Kernel Offset:"},
    Row{"PHYS_OFFSET:"},  // arch/arm64/kernel
    Row{"CPU features:"},
    Row{"Memory Limit:"},
    Row{"Rebooting in "},  // likewise, kernel/panic.c
    Row{"Showing busy workqueues and worker pools:"},
    Row{"workqueue "},
    Row{"pwq "},  // kernel/workqueue.c
    Row{"pending:"},
    Row{"inactive:"},
    Row{"delayed:"},
    Row{"pool "},  // likewise
    Row{"(detected by "},
    Row{"(t="},
    Row{"blocking rcu_node structures"},  // kernel/rcu
    Row{"Tasks blocked on level-"},
    Row{"Not tainted "},
    Row{"Tainted: "},                                             // likewise, kernel/hung_task.c
    Row{"\"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\""},  // kernel/hung_task.c
};

// "x29: ffff800012345678 x28: ..."
bool isRegisters(std::string_view text) {
  Cursor cursor(text);
  if (!cursor.take('x')) return false;
  const auto number = cursor.decimal();
  cursor.skipBlanks();
  return number && *number <= 30 && cursor.take(": ");
}

// "[0000000000000080] pgd=0000000000000000": arch/arm64/mm/fault.c: show_pte
bool isPageTable(std::string_view text) {
  Cursor cursor(text);
  return cursor.take('[') && cursor.hexadecimal() && cursor.take("] ");
}

bool isRuler(std::string_view text) {
  return text.size() >= 20 && text.find_first_not_of('=') == std::string_view::npos;
}

// "1-....: (5249 ticks this GP) idle=...": kernel/rcu/tree_stall.h: print_cpu_stall_info
std::optional<BodyLine> readStalledCpu(std::string_view text) {
  Cursor cursor(text);
  const auto cpu = cursor.decimal();
  if (!cpu || !cursor.take('-')) return std::nullopt;
  const auto flags = cursor.before(": (");
  if (!flags || flags->empty() || flags->size() > 8) return std::nullopt;
  return StalledCpu{*cpu};
}

// "wr              R  running task        0    67     60 0x00000002": kernel/sched/core.c, up to 5.10
std::optional<BodyLine> readOldTask(std::string_view text) {
  const std::size_t state = text.find_first_of("RSDTtXZPI", 16);
  if (text.size() < 40 || state != 16 || text[15] != ' ') return std::nullopt;
  Cursor cursor(text.substr(17));
  cursor.skipBlanks();
  cursor.take("running task");
  cursor.skipBlanks();
  const bool freeStack = cursor.decimal().has_value();
  cursor.skipBlanks();
  const auto pid = cursor.decimal();
  if (!freeStack || !pid) return std::nullopt;
  return TaskLine{std::string(trimmed(text.substr(0, 16))), *pid};
}

// "G        W         4.19.222 #1": the letters, then the release.
std::string takeTaint(Cursor& cursor) {
  std::string letters;
  while (!cursor.atEnd()) {
    const char c = cursor.rest().front();
    if (c >= 'A' && c <= 'Z')
      letters += c;
    else if (c != ' ')
      break;
    cursor.take(c);
  }
  return letters;
}

struct TaintMark {
  std::string_view words;
  bool tainted;
};

constexpr std::array kTaintMarks{TaintMark{" Not tainted ", false}, TaintMark{" Tainted: ", true}};

}  // namespace

std::optional<CpuLine> readCpuLine(std::string_view text) {
  Cursor cursor(text);
  if (!cursor.take("CPU: ")) return std::nullopt;
  const auto cpu = cursor.decimal();
  if (cursor.take(" UID: ")) cursor.decimal();  // from 6.11 on
  if (!cpu || !cursor.take(" PID: ")) return std::nullopt;
  const auto pid = cursor.decimal();
  if (!pid || !cursor.take(" Comm: ")) return std::nullopt;
  CpuLine line{.cpu = *cpu, .pid = *pid, .comm = {}, .taint = {}, .release = {}};
  std::string_view comm = cursor.rest();
  for (const TaintMark& mark : kTaintMarks) {
    const std::size_t at = cursor.rest().rfind(mark.words);
    if (at == std::string_view::npos) continue;
    comm = cursor.rest().substr(0, at);
    Cursor tail(cursor.rest().substr(at + mark.words.size()));
    if (mark.tainted) line.taint = takeTaint(tail);
    line.release = tail.rest().substr(0, tail.rest().find(' '));
    break;
  }
  if (const std::size_t kdump = comm.rfind(" Kdump: loaded"); kdump != std::string_view::npos) {
    comm = comm.substr(0, kdump);
  }
  line.comm = comm;
  return line;
}

BodyLine readBody(std::string_view text) {
  if (auto frame = readFrame(text)) return FrameLine{std::move(*frame)};
  Cursor cursor(text);
  cursor.skipBlanks();
  if (cursor.take("rcu: ")) cursor.skipBlanks();
  const std::string_view bare = cursor.rest();
  if (auto line = readCpuLine(bare)) return std::move(*line);
  for (const Row& row : kRows) {
    if (!bare.starts_with(row.start)) continue;
    if (row.read == nullptr) return Detail{};
    if (auto line = row.read(bare.substr(row.start.size()))) return std::move(*line);
  }
  if (isRegisters(bare) || isPageTable(bare)) return Detail{};
  if (isRuler(bare)) return Ruler{};
  if (auto line = readStalledCpu(bare)) return std::move(*line);
  if (auto line = readOldTask(text)) return std::move(*line);
  return Plain{};
}

}  // namespace relapse::console
