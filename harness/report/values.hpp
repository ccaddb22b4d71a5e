// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernel/values.hpp"
#include "postmortem/values.hpp"
#include "scenario/values.hpp"
#include "stacktrace/values.hpp"
#include "verdict/values.hpp"

namespace relapse::report {

struct StageTime {
  std::string stage;  // "build"
  std::chrono::milliseconds took{0};
};

// A file of the run directory.
struct ArtefactFile {
  std::string name;         // relative to the run directory
  std::uint64_t bytes = 0;  // apparent size
  std::string sha256;       // empty for logs that grow until the end
};

// One fact of the run, of any node, on the run's clock.
struct TimelineEntry {
  std::chrono::milliseconds at{0};
  std::string node;                      // empty: the host's
  std::string what;                      // "fault", "undo", "work", "ended", "phase", "event", "probe", ...
  std::string text;                      // in words
  std::optional<double> guestTime = {};  // seconds, on the guest's own clock, where it told
};

// A guest of the run.
struct NodeRecord {
  std::string release;
  int boots = 0;
  bool ended = false;                                         // before the run did
  std::optional<std::chrono::milliseconds> clockOffset = {};  // the run's clock when the guest's (CLOCK_BOOTTIME) was 0
};

// What a program of the scenario said and when, on the run's clock.
struct WorkRecord {
  std::string program;
  std::string node;
  std::chrono::milliseconds started{0};
  std::chrono::milliseconds ended{0};  // 0: it did not end
};

// What a lockup's vCPU got of the host while it was stuck.
struct StallOnHost {
  double share = 0;  // of the stall's time that the vCPU's thread ran
  double load = 0;   // of the host, over the last minute
};

inline constexpr std::size_t kMostTimeline = 2000;

// Everything that is known of one run; all its reports are made from it.
struct RunRecord {
  std::string id;  // also the directory's name
  std::filesystem::path directory;
  std::string startedAt;  // UTC, RFC 3339
  std::string relapseVersion;
  std::string toolVersions;  // libvirt, QEMU, compiler
  scenario::Scenario scenario;
  std::vector<std::string> overrides;               // --set
  kernel::KernelImage kernel;                       // of the clients, and of the server unless it has one of its own
  std::optional<kernel::KernelImage> serverKernel;  // that one
  std::map<std::string, NodeRecord> nodes;
  std::string failingNode;              // whose registers and memory were taken
  std::vector<TimelineEntry> timeline;  // in its order, the first kMostTimeline; all of it is in timeline.jsonl
  verdict::Observations seen;
  std::vector<WorkRecord> works;  // beside seen.works
  verdict::Verdict verdict;
  std::map<std::size_t, StallOnHost> stalls;              // by event
  std::map<std::size_t, stacktrace::StackTrace> decoded;  // likewise: the traces of failing events
  std::optional<postmortem::SpinProfile> spin;
  std::optional<postmortem::Disassembly> code;   // at the event's pc
  std::optional<postmortem::Findings> findings;  // of the memory dump
  std::vector<StageTime> stages;
  std::vector<ArtefactFile> artefacts;
  std::vector<std::string> notes;  // what went wrong without touching the verdict
};

// The kernel that a node runs.
inline const kernel::KernelImage& kernelOf(const RunRecord& record, const std::string& node) {
  return node == "server" && record.serverKernel ? *record.serverKernel : record.kernel;
}

}  // namespace relapse::report
