// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace relapse::scenario {

struct Bytes {
  std::uint64_t value = 0;
};

struct Kernel {
  std::vector<std::string> sources;             // names or references, the first that can be had
  std::vector<std::string> config;              // fragments in kernel-configs/, without ".config"
  std::optional<std::filesystem::path> series;  // absolute; holds one folder per line
};

struct Node {
  int cpus = 2;
  Bytes memory{512ull << 20};
  std::string cpu = "cortex-a76";     // QEMU's -cpu
  std::optional<Kernel> kernel = {};  // its own; none: the scenario's
  bool reachesHost = false;           // has a network card to the host's network (QEMU's user mode)
};

inline constexpr int kMostClients = 4;

struct Export {
  std::string filesystem = "tmpfs";  // "tmpfs", "ext4", "xfs", "btrfs"
  std::string medium = "ram";        // "ram": in the server's memory; "image": a disk, which outlives the server's end
  Bytes size{64ull << 10};
  bool full = false;                // filled before the first step
  bool readOnly = false;            // exported so
  std::optional<Bytes> quota = {};  // of the user kWriter
  bool graceAtStart = false;        // a server that starts grants reclaims first, 10 s long
};

inline constexpr int kWriter = 1000;  // the uid of work with `as: writer`

struct Mount {
  std::string version = "4.1";  // "3", "4.0", "4.1", "4.2"
  std::vector<std::string> options;
};

struct Nfs {
  Export exported;
  Mount mount;
};

// A row of kFaults (vocabulary.hpp) and its argument, in the guest's units: bytes, milliseconds, percent, a word.
struct Fault {
  std::string name;
  std::string argument = {};  // empty: it takes none
};

struct FaultStep {
  Fault fault;
  std::vector<std::string> on = {};                     // names of nodes; never empty
  std::optional<std::chrono::milliseconds> lasts = {};  // undone after this time; the next step does not wait for it
};

struct WorkStep {
  std::string program;  // a row of kPrograms
  int writers = 1;
  int rounds = 1;                           // how often each of them does its work
  bool background = false;                  // the next step does not wait for it
  std::vector<std::string> outcome{"ok"};   // what its end may be: "ok" or an errno's name
  std::optional<std::string> after = {};    // starts when that earlier background work says its trigger is due
  std::vector<std::string> on = {};         // names of nodes; never empty: it runs on each
  std::string file = "shared";              // below the mount
  std::optional<Bytes> size = {};           // of what each writer writes; none: the program's own
  bool threads = false;                     // the writers are threads of one process
  bool verify = false;                      // afterwards reads what was acknowledged, past the cache
  bool asWriter = false;                    // runs as the user kWriter, not as root
  std::optional<std::uint64_t> seed = {};   // of its data and choices; none: derived from the scenario's
  std::vector<std::string> arguments = {};  // fio's own
  int chance = 100;                         // percent of the seeds by which its trigger comes
};

// A shell's text, run by the guest's busybox.
struct ShellStep {
  std::string command;
  bool background = false;
  std::vector<int> status{0};        // what it may exit with
  std::vector<std::string> on = {};  // names of nodes; never empty
};

struct WaitStep {
  std::chrono::milliseconds time{0};
};

using Step = std::variant<FaultStep, WorkStep, ShellStep, WaitStep>;

// A look into the running kernel.
struct Probe {
  enum class Kind { Function, Return, Tracepoint };
  Kind kind = Kind::Function;
  std::string name = {};                // of the event, unique
  std::string target = {};              // "nfs_page_async_flush", "nfs_updatepage+0x40", "nfs:nfs_commit_done"
  std::vector<std::string> fetch = {};  // "error=$retval", "page=%x0": kprobe's own syntax
  std::string filter = {};              // of trace events; empty: none
  bool stack = false;                   // each hit with its call trace
};

struct Probes {
  std::vector<Probe> events = {};
  std::vector<std::string> rpcdebug = {};      // "nfs:pagecache", "rpc:all"
  std::vector<std::string> dynamicDebug = {};  // dynamic debug's queries: "file fs/nfs/write.c +p"
  std::vector<std::string> sysctls = {};       // read again and again: "vm.dirty_background_bytes"
  std::chrono::milliseconds every{1000};       // that often
  std::vector<std::string> on = {};            // names of nodes; never empty when there is a probe

  bool none() const { return events.empty() && rpcdebug.empty() && dynamicDebug.empty() && sysctls.empty(); }
};

// When the kernel reports. Nothing: that detector stays as the kernel set it.
struct Watch {
  std::chrono::seconds softlockup{20};  // twice watchdog_thresh: even, 2 or more
  std::chrono::seconds hungTask{120};
  std::chrono::seconds rcuStall{21};
  std::vector<std::string> patterns = {};            // RE2: kernel lines that become events of kind pattern
  std::optional<std::chrono::seconds> silence = {};  // no byte on the console for so long is an event
};

struct ExpectedEvent {
  std::string event = {};                // an event kind's name
  std::vector<std::string> frames = {};  // a subsequence of the trace, innermost first
  std::string message = {};              // RE2 pattern that the event's message holds; empty: any
  std::string artefact = {};             // an artefact's name: only events marked so; empty: only events that are none
};

struct ExpectReproduced {
  std::vector<ExpectedEvent> events;
};  // all of them; not empty
struct ExpectSurvived {};
using Expectation = std::variant<ExpectReproduced, ExpectSurvived>;

struct Deadlines {
  std::chrono::seconds build{1800};
  std::chrono::seconds boot{60};
  std::chrono::seconds reproduce{60};
};

// How often. A run counts when it did as expected.
struct Until {  // `until: K/N`: over when K of at most N count, or can no more
  int held = 1;
  int runs = 1;
};
struct Runs {  // `runs: N`: all of them, for their rate
  int runs = 1;
};
struct CleanOf {  // `clean-of: K/N`: of survival, as many as it takes to claim a fix of a bug that came in K of N runs
  int hits = 1;
  int runs = 1;
};
struct AtLeast {  // `at-least: P%`: over when it is decided whether so many runs count, or half of that at most
  int percent = 50;
};
using Repeat = std::variant<Until, Runs, CleanOf, AtLeast>;
inline constexpr int kMostRuns = 1000;

enum class Artefact { Registers, Vmcore };

struct Scenario {
  std::string name;
  std::string summary;
  std::filesystem::path file;  // absolute
  Kernel kernel;
  std::map<std::string, Node> nodes;  // "client", or "client1", "client2", ..., and maybe "server"
  std::optional<Nfs> nfs;
  Probes probes;
  std::vector<Step> steps;
  Watch watch;
  Expectation expect;
  Deadlines deadlines;
  std::vector<Artefact> collect;
  Repeat repeat;
  std::uint64_t seed = 1;               // of all that is left to chance
  std::chrono::milliseconds jitter{0};  // each work starts up to so much later, by the seed
  std::vector<std::string> cell = {};   // of the matrix: "nfs.mount.version=3"; empty: there is none
};

// The clients in their order. Never empty in a valid scenario.
inline std::vector<std::string> clientsOf(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const auto& [name, node] : scenario.nodes)
    if (name != "server") names.push_back(name);
  return names;
}

// The node that exports: the server, or the client alone.
inline std::string serverOf(const Scenario& scenario) {
  return scenario.nodes.contains("server") ? "server" : clientsOf(scenario).front();
}

}  // namespace relapse::scenario
