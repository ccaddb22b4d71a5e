// SPDX-License-Identifier: GPL-2.0-or-later
// Parts of harness/postmortem/inspection that need no dump, run by python3.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>

#include "process/process.hpp"

namespace relapse::postmortem {
namespace {

namespace fs = std::filesystem;
using testing::ContainsRegex;

// Shapes of functions: arguments kept over calls, a big frame, a save on one path alone, a leaf, many arguments.
constexpr std::string_view kProgram = R"(
long callee(long, ...);
long keeps(long a, long b, long c) { long r = callee(a); return callee(b) + callee(c) + r + a; }
long big(long a) { char room[70000]; callee((long)room); return callee(a) + room[a]; }
long wrapped(long a, long b) { if (a == 0) return b; long x = callee(a), y = callee(b); return callee(x) + x * y + b; }
long leaf(long a) { return a * 3; }
long table(long a, long b) {
  switch (a) {
    case 0: return callee(b) + b; case 1: return callee(b, 1) * b; case 2: return callee(b, 2) - b;
    case 3: return callee(b, 3) ^ b; case 4: return callee(b, 4) | b; case 5: return callee(b, 5) & b;
    default: return callee(a, 9) + a;
  }
}
long recurses(long n, long m) { return n ? recurses(n - 1, m) * recurses(n - 2, m) + m : m; }
)";

// Compares frames_of() at every call with the rules of the compiler's own unwind tables.
constexpr std::string_view kCompare = R"py(
import re, struct, subprocess, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from prologue import frames_of
program, code = sys.argv[2], open(sys.argv[3], "rb").read()
tables = subprocess.run(["aarch64-linux-gnu-readelf", "--debug-dump=frames-interp", program], check=True,
                        capture_output=True, text=True).stdout
compared = functions = 0
rows = begin = None
def check(begin, past, rows):
    global compared
    frames = frames_of(code[begin:past])
    for at in range(0, past - begin - 3, 4):
        word, = struct.unpack_from("<I", code, begin + at)
        if word >> 26 != 0x25:
            continue
        wanted = [r for r in rows if r[0] <= begin + at][-1][1]
        found = {r: o for r, o in frames[at].saved.items() if 19 <= r <= 29}
        if found != wanted or not frames[at].has_record():
            sys.exit("at 0x%x: the tables have %s, the instructions %s" % (begin + at, wanted, found))
        compared += len(wanted)
for line in tables.split("\n") + ["FDE pc=0..0"]:
    words = line.split()
    fde = re.search(r"FDE .*pc=([0-9a-f]+)\.\.([0-9a-f]+)", line) or re.search(r"FDE pc=(0)\.\.(0)", line)
    if fde:
        if rows:
            check(begin, past, rows)
            functions += 1
        begin, past, rows = int(fde[1], 16), int(fde[2], 16), []
    elif words[:1] == ["LOC"]:
        columns = words[2:]
    elif rows is not None and words and re.fullmatch("[0-9a-f]{16}", words[0]):
        kept = {int(c[1:]): int(v[1:]) for c, v in zip(columns, words[2:]) if re.fullmatch(r"x\d+", c) and v[:2] == "c-"}
        rows.append((int(words[0], 16), kept))
print("functions", functions, "registers", compared)
)py";

class Inspection : public testing::Test {
 protected:
  Inspection() {
    std::string pattern = (fs::temp_directory_path() / "relapse-inspection-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~Inspection() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  process::Output run(const std::vector<std::string>& argv) const {
    auto ran = process::run({.argv = argv});
    EXPECT_TRUE(ran) << (ran ? "" : ran.error().message);
    return ran ? *ran : process::Output{};
  }

  const std::string scripts_ = RELAPSE_SOURCE_DIR "/harness/postmortem/inspection";
  fs::path folder_;
};

TEST_F(Inspection, FindsSavedRegistersWhereTheCompilersTablesHaveThem) {
  const auto source = write("shapes.c", kProgram);
  const auto script = write("compare.py", kCompare);
  for (const char* level : {"-O0", "-O1", "-O2", "-Os"}) {
    const std::string program = (folder_ / "shapes.o").string();
    const std::string code = (folder_ / "shapes.text").string();
    const auto compiled =
        run({"aarch64-linux-gnu-gcc", level, "-fno-omit-frame-pointer", "-mgeneral-regs-only",
             "-fasynchronous-unwind-tables", "-fno-stack-protector", "-fno-pic", "-c", source, "-o", program});
    ASSERT_TRUE(compiled.succeeded()) << compiled.standardError;
    ASSERT_TRUE(run({"aarch64-linux-gnu-objcopy", "-O", "binary", "-j", ".text", program, code}).succeeded());
    const auto compared = run({"python3", script, scripts_, program, code});
    EXPECT_TRUE(compared.succeeded()) << level << ": " << compared.standardError;
    EXPECT_THAT(compared.standardOutput, ContainsRegex("functions [56] ")) << level;
  }
}

TEST_F(Inspection, ReadsACrashFromTheGuestsLog) {
  const auto script = write("crash.py", R"py(
import sys, types
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
for name in ("drgn", "drgn.helpers", "drgn.helpers.linux", "drgn.helpers.linux.printk"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["drgn.helpers.linux.printk"].get_printk_records = None
import printk
crash = printk.crash_told([
    "eth0: up", "Unable to handle kernel NULL pointer dereference at virtual address 00000000000000a4",
    "CPU: 1 PID: 67 Comm: wr/a b Not tainted 6.1.0 #1", "pc : f+0x10/0x20 [nfs]", "lr : g+0x8/0x40",
    "sp : ffffffc00853fc00", "x29: ffffffc00853fc00 x28: ffffffc01f4945f0", "x1 : 0000000000000001 x0 : 00000000000000a4",
    "Call trace:", " f+0x10/0x20 [nfs]", " g+0x8/0x40", "Code: d2800002", "x0 : ffffffffffffffff"])
assert crash["address"] == 0xa4 and crash["pid"] == 67 and crash["comm"] == "wr/a b", crash
assert crash["trace"] == ["f+0x10", "g+0x8"], crash
assert crash["registers"] == {"sp": 0xffffffc00853fc00, "x29": 0xffffffc00853fc00, "x28": 0xffffffc01f4945f0, "x1": 1,
                              "x0": 0xa4}, crash
assert printk.crash_told(["nothing"]) is None
assert printk.lockup_told(["x", "watchdog: BUG: soft lockup - CPU#1 stuck for 3s! [wr/a b:67]"]) == (1, "wr/a b", 67)
)py");
  const auto ran = run({"python3", script, scripts_});
  EXPECT_TRUE(ran.succeeded()) << ran.standardError;
}

TEST_F(Inspection, SaysThatAnEndlessLoopIsOneOnlyWhenNothingCanEndIt) {
  const auto script = write("sentence.py", R"py(
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verdict
def said(names=("folio_mapping", "nfs_wb_page"), flags=("locked", "private"), ncommit=0, rpcs_out=0, procedures=()):
    facts = {"suspect": {"task": {"comm": "wr"}, "how": "spins on vCPU 1"},
             "page": {"flags": list(flags), "mapping": "0x1", "address": "0x2"},
             "commit": {"ncommit": ncommit, "rpcs_out": rpcs_out}, "inode": {"wb_err": 28}, "context": {"error": 0},
             "rpc": {"clients": [{"tasks": [{"procedure": name} for name in procedures]}]}}
    return verdict.sentence(None, facts, list(names), None, {})
stuck = "clean, PagePrivate, nothing to commit: nfs_wb_page() cannot end (error 28 in mapping->wb_err)"
assert said() == stuck, said()
assert said(rpcs_out=1, procedures=["SEQUENCE"]) == stuck, "__nfs_commit_inode() counts itself"
for other in (said(rpcs_out=1, procedures=["COMMIT"]), said(rpcs_out=2), said(ncommit=1), said(names=["ext4_writepage"]),
              said(flags=["private", "dirty"]), said(flags=["private", "writeback"]), said(flags=["locked"])):
    assert other.startswith("not known: wr spins on vCPU 1 in "), other
)py");
  const auto ran = run({"python3", script, scripts_});
  EXPECT_TRUE(ran.succeeded()) << ran.standardError;
}

TEST_F(Inspection, SaysWhoSleepsWhereWhenNobodyRunsOrCrashed) {
  const auto script = write("asleep.py", R"py(
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import verdict
def said(asleep):
    sentence = verdict.sentence(None, {}, [], None, asleep)
    head = "no vCPU is busy in the kernel, the log tells of no crash, and "
    assert sentence.startswith(head), sentence
    return sentence[len(head):]
def tasks(*pids):
    return [{"comm": "dd", "pid": pid} for pid in pids]
assert said({}) == "no task is in D state"
assert said({"f": tasks(7)}) == "in D state: dd (7) in f"
some = {"f": tasks(7), "g": tasks(8, 9), "h": tasks(10), "i": tasks(11), "k": tasks(12)}
assert said(some) == "in D state: 2 tasks such as dd (8) in g, dd (7) in f, dd (10) in h, 2 more", said(some)
)py");
  const auto ran = run({"python3", script, scripts_});
  EXPECT_TRUE(ran.succeeded()) << ran.standardError;
}

}  // namespace
}  // namespace relapse::postmortem
