// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/body.hpp"

#include <algorithm>
#include <array>

#include "console/cursor.hpp"
#include "console/frames.hpp"

namespace relapse::console {
namespace {

using Row = BodyRow;

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

// "0010:nfs_wb_page+0x70/0x1b4", "0010:[<ffffffff81234567>]  [<ffffffff81234567>] nfs_wb_page+0x70/0x1b4",
// "nfs_wb_page+0x70/0x1b4 RSP: ffff880012345678"; segment 0033 is user space.
std::optional<BodyLine> readRip(std::string_view rest) {
  Cursor cursor(rest);
  const auto segment = cursor.hexadecimal();
  if (!segment || !cursor.take(':'))
    cursor = Cursor(rest);
  else if ((*segment & 3u) != 0)
    return UserSide{};
  std::string_view place = cursor.rest();
  if (const std::size_t second = place.find(" [<"); second != std::string_view::npos) place.remove_prefix(second);
  return ProgramCounter{readLocation(place.substr(0, place.find(" RSP: ")))};
}

template <bool kWrite>
std::optional<BodyLine> readAccess(std::string_view) {
  return MemoryAccess{kWrite ? "write" : "read"};
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

// "wr", pid 67, jiffies 4294937368 (age 128.520s)"
std::optional<BodyLine> readLeaker(std::string_view rest) {
  const std::size_t past = rest.rfind("\", pid ");
  if (past == std::string_view::npos) return std::nullopt;
  const auto pid = Cursor(rest.substr(past + 7)).decimal();
  if (!pid) return std::nullopt;
  return TaskLine{std::string(rest.substr(0, past)), *pid};
}

std::optional<BodyLine> readLastFunction(std::string_view rest) {
  return InFlight{std::string(rest.substr(0, rest.find('+')))};
}

// "#0: ffff880012345678 (&ei->lock){+.+.}, at: nfs_wb_page+0x70/0x1b4", "... at: [<ffffffff81234567>] nfs_wb_page+..."
std::optional<BodyLine> readLockPlace(std::string_view text) {
  const std::size_t at = text.rfind(" at: ");
  if (at == std::string_view::npos) return std::nullopt;
  auto frame = readFrame(text.substr(at + 5));
  if (!frame) return std::nullopt;
  return LockPlace{std::move(*frame)};
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
    Row{"Call trace:", as<TraceStart>},                          // arch/arm64/kernel/{traps,stacktrace}.c
    Row{"pc : ", readPc},                                        // arch/arm64/kernel/process.c
    Row{"lr : ", readLr},                                        // likewise
    Row{"PC is at ", readPc},                                    // likewise, up to 4.13
    Row{"LR is at ", readLr},                                    // likewise
    Row{"RIP: ", readRip},                                       // arch/x86/kernel/dumpstack.c
    Row{"IP: ", readRip},                                        // arch/x86/mm/fault.c, likewise
    Row{"Backtrace:", as<TraceStart>},                           // arch/arm/kernel/traps.c
    Row{"backtrace:", as<TraceStart>},                           // mm/kmemleak.c
    Row{"backtrace (crc ", as<TraceStart>},                      // likewise, from 6.8 on
    Row{"comm \"", readLeaker},                                  // likewise
    Row{"last function: ", readLastFunction},                    // kernel/workqueue.c
    Row{"---[ end trace ", as<TraceEnd>},                        // kernel/panic.c
    Row{"---[ end Kernel panic", as<PanicEnd>},                  // likewise
    Row{"Task dump for CPU ", withCpu<TaskDump>},                // kernel/sched/core.c
    Row{"task:", readTask},                                      // likewise, from 5.11 on
    Row{"Sending NMI from CPU ", as<OtherCpus>},                 // lib/nmi_backtrace.c
    Row{"NMI backtrace for cpu ", withCpu<OtherCpu>},            // likewise
    Row{"RCU grace-period kthread stack dump:", as<SideTrace>},  // kernel/rcu/tree*.{c,h}
    Row{"in-flight:", readInFlight},                             // kernel/workqueue.c

    Row{"Read of size ", readAccess<false>},  // mm/kasan/report.c
    Row{"Write of size ", readAccess<true>},  // likewise
    Row{"Read at addr ", readAccess<false>},  // likewise, by hardware tags
    Row{"Write at addr ", readAccess<true>},  // likewise

    // What a report may end with.
    Row{"Code:"},                                      // arch/*/kernel
    Row{"Modules linked in:"},                         // kernel/module*
    Row{"Kernel Offset:"},                             // arch/*/kernel/setup.c
    Row{"Rebooting in "},                              // kernel/panic.c
    Row{"Showing busy workqueues and worker pools:"},  // kernel/workqueue.c
    Row{"workqueue "},
    Row{"pwq "},
    Row{"pending:"},
    Row{"inactive:"},
    Row{"delayed:"},
    Row{"pool "},
    Row{"(detected by "},  // kernel/rcu
    Row{"(t="},
    Row{"blocking rcu_node structures"},
    Row{"Tasks blocked on level-"},
    Row{"Not tainted "},  // kernel/hung_task.c
    Row{"Tainted: "},
    Row{"\"echo 0 > /proc/sys/kernel/hung_task_timeout_secs\""},
};

// arch/arm64/kernel/process.c, arch/x86/kernel/process_64.c
bool isRegisterName(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kOthers{"sp", "pstate", "pmr_save", "EFLAGS", "ORIG_RAX", "FS",
                                                            "GS", "knlGS",  "CS",       "DS",     "ES",       "PKRU"};
  const auto isNumber = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (name.starts_with('x') || name.starts_with('r')) return isNumber(name.substr(1));  // arm64, arm
  if (name.starts_with("CR") || name.starts_with("DR")) return isNumber(name.substr(2));
  if (name.starts_with('R')) return name.size() == 3 && name != "RIP";
  return std::find(kOthers.begin(), kOthers.end(), name) != kOthers.end();
}

// "x29: ffff800012345678 x28: ...", "sp : ...", "pstate: 60000005 (nZCv daif -PAN -UAO)",
// "RSP: 0018:ffffc90000123456 EFLAGS: 00010246", "FS:  0000(0000) GS:ffff(0000) knlGS:0000"
std::optional<BodyLine> readRegisters(std::string_view text) {
  Registers registers;
  Cursor cursor(text);
  while (!cursor.atEnd()) {
    const auto name = cursor.before(":");
    if (!name || !isRegisterName(trimmed(*name))) return std::nullopt;
    cursor.skipBlanks();
    const std::string_view rest = cursor.rest();
    const std::size_t flags = rest.find(" (");
    const std::size_t past =
        flags < rest.find(' ') + 1 ? rest.find(')', flags) + 1 : std::min(rest.find(' '), rest.size());
    registers.values.push_back({std::string(trimmed(*name)), std::string(rest.substr(0, past))});
    cursor = Cursor(rest.substr(std::min(past, rest.size())));
    cursor.skipBlanks();
  }
  if (registers.values.empty()) return std::nullopt;
  return registers;
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

BodyTable::BodyTable() : rows_(kRows) {}

std::string BodyTable::rowName(std::size_t row) const {
  return "body: " + std::string(rows_.rows()[row].start);
}

BodyLine BodyTable::read(std::string_view text) const {
  Cursor cursor(text);
  if (cursor.take("kmemleak: ")) text = cursor.rest();
  if (auto frame = readFrame(text)) return FrameLine{std::move(*frame)};
  cursor.skipBlanks();
  if (cursor.take("rcu: ")) cursor.skipBlanks();
  const std::string_view bare = cursor.rest();
  if (auto line = readCpuLine(bare)) return std::move(*line);
  std::optional<BodyLine> told;
  rows_.any(bare, [&](const Row& row) {
    told = row.read == nullptr ? Detail{} : row.read(bare.substr(row.start.size()));
    return told.has_value();
  });
  if (told) return std::move(*told);
  if (auto registers = readRegisters(bare)) return std::move(*registers);
  if (isRuler(bare)) return Ruler{};
  if (auto line = readStalledCpu(bare)) return std::move(*line);
  if (auto line = readOldTask(text)) return std::move(*line);
  if (auto line = readLockPlace(bare)) return std::move(*line);
  if (bare.ends_with("Call Trace:")) return TraceStart{};  // behind the rest of a stack's words, up to 4.9
  return Plain{};
}

}  // namespace relapse::console
