// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/probes.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>
#include <random>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "process/process.hpp"

namespace relapse::run {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using scenario::Probe;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Probe function(std::string name, std::string target) {
  return {.kind = Probe::Kind::Function, .name = std::move(name), .target = std::move(target)};
}

Probe tracepoint(std::string name, std::string target) {
  return {.kind = Probe::Kind::Tracepoint, .name = std::move(name), .target = std::move(target)};
}

scenario::Probes some() {
  scenario::Probes probes;
  probes.events = {function("flush", "nfs_page_async_flush"),
                   tracepoint("done", "nfs:nfs_writeback_done"),
                   {.kind = Probe::Kind::Return, .name = "ret", .target = "nfs_write_end"}};
  return probes;
}

std::string shown(const std::optional<ProbeLine>& line) {
  if (!line) return "nothing";
  return fmt::format("{} {:.6f} cpu{} {}:{} {} {}", static_cast<int>(line->kind), line->guestTime, line->cpu,
                     line->task, line->pid, line->probe, line->text);
}

std::string readOne(const std::string& line) {
  return shown(ProbeReader(some()).read(line));
}

std::vector<std::string> readAll(const std::vector<std::string>& lines) {
  ProbeReader reader(some());
  std::vector<std::string> all;
  for (const auto& line : lines)
    if (const auto read = reader.read(line)) all.push_back(shown(read));
  return all;
}

TEST(Probes, BecomeCommandsOfTheGuestsProgram) {
  scenario::Probes probes;
  probes.events = {{.kind = Probe::Kind::Return,
                    .name = "ret",
                    .target = "nfs_write_end",
                    .fetch = {"got=$retval:s32", "where=%x1"},
                    .filter = "got < 0",
                    .stack = true},
                   tracepoint("done", "nfs:nfs_writeback_done")};
  probes.rpcdebug = {"nfs:all"};
  probes.dynamicDebug = {"file fs/nfs/write.c +p"};
  probes.sysctls = {"vm.dirty_ratio", "vm.swappiness"};
  probes.every = 250ms;
  EXPECT_THAT(
      probeCommands(probes),
      ElementsAre(ElementsAre("/relapse/probe", "set", "kretprobe", "ret", "nfs_write_end", "1", "got < 0",
                              "got=$retval:s32", "where=%x1"),
                  ElementsAre("/relapse/probe", "set", "tracepoint", "done", "nfs:nfs_writeback_done", "0", "-"),
                  ElementsAre("/relapse/probe", "rpcdebug", "nfs:all"),
                  ElementsAre("/relapse/probe", "dyndbg", "file fs/nfs/write.c +p"),
                  ElementsAre("/relapse/probe", "sysctls", "0", "vm.dirty_ratio", "vm.swappiness")));
  EXPECT_THAT(followCommands(probes),
              ElementsAre(ElementsAre("/relapse/probe", "follow"),
                          ElementsAre("/relapse/probe", "sysctls", "250", "vm.dirty_ratio", "vm.swappiness")));
  EXPECT_THAT(countCommand(probes), ElementsAre("/relapse/probe", "count"));
}

TEST(Probes, WithoutAnyNothingIsDone) {
  EXPECT_THAT(probeCommands({}), IsEmpty());
  EXPECT_THAT(followCommands({}), IsEmpty());
  EXPECT_THAT(countCommand({}), IsEmpty());
  scenario::Probes messages;
  messages.rpcdebug = {"rpc:all"};
  EXPECT_THAT(followCommands(messages), IsEmpty()) << "they are on the console";
}

TEST(ProbeReader, ReadsAHit) {
  EXPECT_EQ(
      readOne(" noncontiguous-w-257     [000] dN...    11.580519: flush: (nfs_page_async_flush+0x0/0x28c) page=0x1"),
      "0 11.580519 cpu0 noncontiguous-w:257 flush (nfs_page_async_flush+0x0/0x28c) page=0x1");
}

TEST(ProbeReader, ReadsOlderKernelsFlags) {
  EXPECT_EQ(readOne("           <...>-63    [001] d..1     2.000001: flush: (nfs_page_async_flush+0x0/0x1f8)"),
            "0 2.000001 cpu1 <...>:63 flush (nfs_page_async_flush+0x0/0x1f8)");
}

TEST(ProbeReader, ATracepointsHitHasTheNameOfItsProbe) {
  EXPECT_EQ(readOne("    kworker/u4:1-24      [000] .N...    11.664538: nfs_writeback_done: error=-28 fileid=00:16:3"),
            "0 11.664538 cpu0 kworker/u4:1:24 done error=-28 fileid=00:16:3");
}

TEST(ProbeReader, ATasksNameMayHoldAnything) {
  const std::string rest = "63      [001] .....     2.000001: flush: ()";
  for (const std::string task : {"a-b", "-1 [000] .... ", "x -12 [001] y", "ICCCCEKF/ICC: q", "-", "1-2", "é-\\x01"})
    EXPECT_EQ(
        readOne(fmt::format("{:>16}-{}", task, rest)),
        fmt::format("0 2.000001 cpu1 {}:63 flush ()", task.substr(std::min(task.find_first_not_of(' '), task.size()))))
        << task;
}

TEST(ProbeReader, FramesAreThoseOfTheHitBeforeOnTheSameCpu) {
  EXPECT_THAT(readAll({"              wr-63      [001] d....     2.000001: flush: (a) page=0x1",
                       "              rd-64      [000] d....     2.000002: nfs_writeback_done: error=0",
                       "              wr-63      [001] d....     2.000003: <stack trace>", " => nfs_page_async_flush",
                       " => nfs_wb_page <ffff800008123456>",
                       "              rd-64      [000] d....     2.000004: <stack trace>", " => nfs_writeback_done"}),
              ElementsAre("0 2.000001 cpu1 wr:63 flush (a) page=0x1", "0 2.000002 cpu0 rd:64 done error=0",
                          "1 2.000001 cpu1 wr:63 flush nfs_page_async_flush", "1 2.000001 cpu1 wr:63 flush nfs_wb_page",
                          "1 2.000002 cpu0 rd:64 done nfs_writeback_done"));
}

TEST(ProbeReader, LeavesOutTheFramesOfTheProbingItselfAndNoOthers) {
  EXPECT_THAT(readAll({"              wr-63      [001] d....     2.000001: flush: (a)",
                       "              wr-63      [001] d....     2.000003: <stack trace>", " => kprobe_trace_func",
                       " => kprobe_dispatcher", " => kprobe_breakpoint_handler", " => call_break_hook",
                       " => brk_handler", " => do_debug_exception", " => el1_dbg", " => el1h_64_sync_handler",
                       " => el1h_64_sync", " => nfs_page_async_flush", " => el1h_64_sync", " => do_page_fault"}),
              ElementsAre("0 2.000001 cpu1 wr:63 flush (a)", "1 2.000001 cpu1 wr:63 flush nfs_page_async_flush",
                          "1 2.000001 cpu1 wr:63 flush el1h_64_sync", "1 2.000001 cpu1 wr:63 flush do_page_fault"));
}

TEST(ProbeReader, FramesOfNobodysHitAreNotAnothersOne) {
  const std::string hit = "              wr-63      [001] d....     2.000001: flush: (a)";
  const std::string stack = "              wr-63      [001] d....     2.000003: <stack trace>";
  const std::string frame = " => nfs_wb_page";
  EXPECT_THAT(readAll({frame, stack, frame}), IsEmpty());
  EXPECT_THAT(readAll({hit, frame}), ElementsAre("0 2.000001 cpu1 wr:63 flush (a)")) << "no stack was announced";
  EXPECT_THAT(readAll({hit, "              wr-63      [001] d....     2.000002: another: (b)", stack, frame}),
              ElementsAre("0 2.000001 cpu1 wr:63 flush (a)"));
  EXPECT_THAT(readAll({hit, "              rd-64      [001] d....     2.000003: <stack trace>", frame}),
              ElementsAre("0 2.000001 cpu1 wr:63 flush (a)"));
}

TEST(ProbeReader, TellsWhatTheKernelLost) {
  EXPECT_THAT(readAll({"              wr-63      [001] d....     2.000001: flush: (a)", "CPU:1 [LOST 12345 EVENTS]",
                       "CPU:0 [LOST EVENTS]"}),
              ElementsAre("0 2.000001 cpu1 wr:63 flush (a)", "3 2.000001 cpu1 :-1 lost 12345 hits",
                          "3 2.000001 cpu0 :-1 lost hits, nobody knows how many"));
}

TEST(ProbeReader, ReadsSysctls) {
  EXPECT_EQ(readOne(R"({"sysctl":"kernel.printk","value":"7 4 1 7","at":5.430})"),
            "2 5.430000 cpu-1 :-1 kernel.printk 7 4 1 7");
  for (const char* line : {R"({"sysctl":7,"value":"1"})", R"({"value":"1"})", "{", R"({"sysctl":"","value":""})"})
    EXPECT_EQ(readOne(line), "nothing") << line;
}

TEST(ProbeReader, OtherLinesAreNothing) {
  for (const char* line : {"", " => ", "cat: read error: Input/output error", "wr-63", "wr-63 [001]",
                           "wr-63 [9999999] d.... 2.000001: flush: (a)", "wr-63 [001] d.... nan: flush: (a)",
                           "wr-63 [001] d.... 2.000001: unknown: (a)", "wr-63 [001] d.... 2.000001: flush",
                           "wr-99999999999999 [001] d.... 2.000001: flush: (a)", "CPU:", "CPU:1 LOST"})
    EXPECT_EQ(readOne(line), "nothing") << line;
}

TEST(ProbeReader, TakesWhateverAGuestPrints) {
  const std::vector<std::string> pieces{"wr",
                                        "-",
                                        "63",
                                        " ",
                                        "[001]",
                                        "[",
                                        "]",
                                        " d.... ",
                                        "2.000001",
                                        ": ",
                                        "flush",
                                        " => ",
                                        "<stack trace>",
                                        "CPU:1 [LOST ",
                                        "{\"sysctl\":",
                                        "\"a\"",
                                        "}",
                                        "\xff"};
  std::mt19937 random(1);
  ProbeReader reader(some());
  for (int i = 0; i < 20000; ++i) {
    std::string line;
    for (auto n = random() % 12; n-- > 0;) line += pieces[random() % pieces.size()];
    if (const auto read = reader.read(line)) {
      EXPECT_FALSE(read->probe.empty()) << line;
      EXPECT_LE(read->text.size(), line.size() + 32);
    }
  }
}

TEST(ProbeCounts, TellOfProbesThatWereNeverHitAndOfHitsThatWereMissed) {
  EXPECT_THAT(countNotes(some(), {R"({"probe":"flush","hits":0,"missed":0})", R"({"probe":"ret","hits":7,"missed":2})",
                                  R"({"probe":"other","hits":0,"missed":0})", R"({"probe":"flush"})", "nonsense"}),
              ElementsAre("probe flush: nfs_page_async_flush was never hit",
                          "probe ret: the kernel missed 2 more hits of nfs_write_end"));
}

// A program in the shape of a kernel.
class ProbeCheck : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string pattern = (fs::temp_directory_path() / "probes-XXXXXX").string();
    folder() = ::mkdtemp(pattern.data());
    std::ofstream(folder() / "a.c") << R"(
volatile int out;
unsigned long _kbl_addr_refused;
int __tracepoint_nfs_writeback_done;
static inline __attribute__((always_inline)) int fatal(int e) { return e == -28; }
static __attribute__((noinline)) int changed(int used, int unused) { out = used; return used + out; }
__attribute__((noinline)) void nfs_wb_page(void) { out = 3; }
void refused(void) { out = 4; }
int small(int x) { return x ^ out; }
void _start(void)
{
	nfs_wb_page();
	out = fatal(out) + changed(1, out) + changed(2, out);
	out = small(out);
}
)";
    shell("aarch64-linux-gnu-gcc -g -O2 -w -ffreestanding -nostdlib -static -o vmlinux a.c");
    shell("aarch64-linux-gnu-strip -g -o no-debug vmlinux");
  }
  static void TearDownTestSuite() {
    std::error_code ignored;
    fs::remove_all(folder(), ignored);
  }
  static void shell(const std::string& command) {
    const auto ran = process::run({.argv = {"sh", "-c", "cd " + folder().string() + " && " + command}});
    if (!ran || std::get<process::Exited>(ran->end).status != 0) throw std::runtime_error(command);
  }
  static fs::path& folder() {
    static fs::path path;
    return path;
  }

  static Result<CheckedProbes> check(const std::vector<Probe>& events, const char* file = "vmlinux") {
    scenario::Probes probes;
    probes.events = events;
    return checkProbes(probes, folder() / file, {});
  }
  static std::vector<std::string> notes(const Probe& probe, const char* file = "vmlinux") {
    const auto checked = check({probe}, file);
    return checked ? checked->notes : std::vector<std::string>{"failed: " + checked.error().message};
  }
  static std::string problem(const Probe& probe) {
    const auto checked = check({probe});
    EXPECT_TRUE(checked || checked.error().kind == FailureKind::BadInput);
    return checked ? "none" : checked.error().message;
  }
};

TEST_F(ProbeCheck, SaysNothingOfAFunctionThatIsAlwaysCalled) {
  EXPECT_THAT(notes(function("p", "nfs_wb_page")), IsEmpty());
  EXPECT_THAT(notes(function("p", "nfs_wb_page+0x4")), IsEmpty());
  EXPECT_THAT(notes(tracepoint("t", "nfs:nfs_writeback_done")), IsEmpty());
}

TEST_F(ProbeCheck, AFunctionThatWasInlinedEverywhereIsNeverHitAndNotSet) {
  const auto checked = check({function("fatal", "fatal"), function("p", "nfs_wb_page")});
  ASSERT_TRUE(checked) << checked.error().message;
  ASSERT_EQ(checked->notes.size(), 1u);
  EXPECT_THAT(checked->notes[0], HasSubstr("probe fatal: fatal has no code of its own, it is inlined at "));
  EXPECT_THAT(checked->notes[0], HasSubstr("a.c:13 in _start: never hit"));
  ASSERT_EQ(checked->settable.events.size(), 1u);
  EXPECT_EQ(checked->settable.events[0].name, "p");
}

TEST_F(ProbeCheck, AFunctionThatIsListedMayBeInlinedWhereItMatters) {
  const auto found = notes(function("p", "small"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0], HasSubstr("probe p: small is listed, but inlined at "));
  EXPECT_THAT(found[0], HasSubstr("a.c:14 in _start: never hit there"));
}

TEST_F(ProbeCheck, NamesTheNearestOfWhatIsNotThere) {
  EXPECT_EQ(problem(function("p", "nfs_wb_pag")),
            "probe p: this kernel has no function nfs_wb_pag; did you mean \"nfs_wb_page\"?");
  EXPECT_EQ(problem(tracepoint("t", "nfs:nfs_writebackdone")),
            "probe t: this kernel has no tracepoint nfs_writebackdone; did you mean \"nfs_writeback_done\"?");
  EXPECT_EQ(problem(tracepoint("t", "syscalls:sys_enter_openat")), "none");
}

TEST_F(ProbeCheck, SaysWhatTheCompilerMadeOfAFunction) {
  const std::string said = problem(function("p", "changed"));
  const auto begin = said.find("changed."), end = said.find(" alone");
  ASSERT_TRUE(begin < end && end != std::string::npos) << said;
  const std::string clone = said.substr(begin, end - begin);
  EXPECT_EQ(said, "probe p: changed exists as " + clone +
                      " alone: the compiler has changed it, and its arguments may be others");
  EXPECT_EQ(problem(function("p", clone)), "none");
}

TEST_F(ProbeCheck, RefusesWhatKprobesRefuse) {
  EXPECT_EQ(problem(function("p", "refused")), "probe p: the kernel lets nobody probe refused (NOKPROBE_SYMBOL)");
  EXPECT_EQ(problem(function("p", "nfs_wb_page+0x3")),
            "probe p: expected an offset that is a multiple of 4, as instructions are, found nfs_wb_page+0x3");
}

TEST_F(ProbeCheck, TellsAllProblemsAtOnce) {
  const auto checked = check({function("a", "unheard_of"), function("b", "changed"), function("c", "nfs_wb_page")});
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("probe a: "));
  EXPECT_THAT(checked.error().message, HasSubstr("\nprobe b: "));
}

TEST_F(ProbeCheck, WithoutDebugInformationItSaysSo) {
  EXPECT_THAT(notes(function("p", "small"), "no-debug"),
              ElementsAre("probe p: vmlinux has no debug information: where small was inlined is not known"));
}

TEST_F(ProbeCheck, WithoutEventsNoFileIsRead) {
  scenario::Probes probes;
  probes.sysctls = {"vm.swappiness"};
  EXPECT_TRUE(checkProbes(probes, folder() / "nothing", {}));
  EXPECT_FALSE(check({function("p", "nfs_wb_page")}, "nothing"));
}

}  // namespace
}  // namespace relapse::run
