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
  std::string cpu = "cortex-a76";  // QEMU's -cpu
};

struct Export {
  std::string filesystem = "tmpfs";
  Bytes size{64ull << 10};
};

struct Mount {
  std::string version = "4.1";  // "3", "4.0", "4.1", "4.2"
  std::vector<std::string> options;
};

struct Nfs {
  Export exported;
  Mount mount;
};

// Faults
struct FillExport {};  // a file takes all the space that is left
struct FreeExport {};  // and is removed again
struct Lkdtm {         // the kernel's own crash test, left running: for proofs that the eyes are open
  std::string crash;   // "SOFTLOCKUP"
};
using Fault = std::variant<FillExport, FreeExport, Lkdtm>;

struct FaultStep {
  Fault fault;
};

struct WorkStep {
  std::string program;  // a workload of guest-scripts/workloads
  int writers = 1;
  int rounds = 1;                          // how often each of them does its work
  bool background = false;                 // the next step does not wait for it
  std::vector<std::string> outcome{"ok"};  // what its end may be: "ok" or an errno's name
  std::optional<std::string> after = {};   // starts when that earlier background work says its trigger is due
};

using Step = std::variant<FaultStep, WorkStep>;

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

struct Repeat {  // `runs: N` is {N, N}... `until: K/N` stops at K
  int until = 1;
  int runs = 1;
};

enum class Artefact { Registers, Vmcore };

struct Scenario {
  std::string name;
  std::string summary;
  std::filesystem::path file;  // absolute
  Kernel kernel;
  std::map<std::string, Node> nodes;  // always holds "client"
  std::optional<Nfs> nfs;
  std::vector<Step> steps;
  Watch watch;
  Expectation expect;
  Deadlines deadlines;
  std::vector<Artefact> collect;
  Repeat repeat;
};

}  // namespace relapse::scenario
