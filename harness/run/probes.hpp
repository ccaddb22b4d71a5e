// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"
#include "scenario/values.hpp"

namespace relapse::run {

// A scenario's probes: what the guest is told, what it tells, and what the kernel's files say of them before it boots.

// Programs of the guest that set all of them, in this order. Each ends soon, and fails with the kernel's reason.
std::vector<std::vector<std::string>> probeCommands(const scenario::Probes& probes);

// Programs of the guest that run on; a ProbeReader takes the lines of their standard output. May be none.
std::vector<std::vector<std::string>> followCommands(const scenario::Probes& probes);

// A program of the guest that ends soon: how often each function was hit. Empty: there is no such probe.
std::vector<std::string> countCommand(const scenario::Probes& probes);
// What its lines tell that a reader of the hits cannot see: "probe flush: nfs_page_async_flush was never hit".
std::vector<std::string> countNotes(const scenario::Probes& probes, const std::vector<std::string>& lines);

// One line of what the probes gave.
struct ProbeLine {
  enum class Kind {
    Hit,
    Frame,   // of the call trace of the hit before, on the same CPU; innermost first
    Sysctl,  // its value at first, and when it has changed
    Lost,    // the kernel overwrote hits that nobody had read in time
  };
  Kind kind = Kind::Hit;
  double guestTime = 0;   // seconds since the guest's boot, as the agent counts them; of Lost: of the line before
  int cpu = -1;           // -1: of none
  std::string task = {};  // as the kernel prints it: may hold anything, and be "<...>"
  int pid = -1;
  std::string probe = {};  // its name in the scenario, or the sysctl's; "lost"
  std::string text = {};   // "(nfs_page_async_flush+0x0/0x28c) page=0x…", "nfs_wb_page", "33", "1234 hits"
};

// Reads what the followed programs print, one guest's lines in their order. Pure; the guest is not trusted. Keeps the
// last hit of each CPU, of 4096 at most.
class ProbeReader {
 public:
  explicit ProbeReader(const scenario::Probes& probes);

  // Nothing: the line is none of a probe's, or a frame of the probing itself.
  std::optional<ProbeLine> read(std::string_view line);

 private:
  struct Stack {
    ProbeLine hit;       // whose frames come
    bool begun = false;  // past those of the probing itself
  };

  std::optional<ProbeLine> readFrame(std::string_view line);
  std::optional<ProbeLine> readHit(std::string_view line);

  std::map<std::string, std::string, std::less<>> names_ = {};  // of events -> of probes
  std::map<int, ProbeLine> last_ = {};                          // by CPU
  std::optional<Stack> stack_ = {};
  double time_ = 0;
};

struct CheckedProbes {
  std::vector<std::string> notes = {};  // "probe fatal: nfs_error_is_fatal_on_server is inlined at …: never hit there"
  scenario::Probes settable = {};       // without those that have no instruction of their own to stand on
};

// Looks the probes' functions and tracepoints up in the files of a kernel, `modules` empty: it has none.
// BadInput, all of them at once: one that is not in this kernel (with the nearest name), that exists under another name
// alone (foo.isra.0), or that kprobes refuse; or vmlinux cannot be read.
Result<CheckedProbes> checkProbes(const scenario::Probes& probes, const std::filesystem::path& vmlinux,
                                  const std::filesystem::path& modules);

}  // namespace relapse::run
