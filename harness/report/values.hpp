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

// What a program of the scenario said and when, on the run's clock.
struct WorkRecord {
  std::string program;
  std::chrono::milliseconds started{0};
  std::chrono::milliseconds ended{0};  // 0: it did not end
};

// What a lockup's vCPU got of the host while it was stuck.
struct StallOnHost {
  double share = 0;  // of the stall's time that the vCPU's thread ran
  double load = 0;   // of the host, over the last minute
};

// Everything that is known of one run; all its reports are made from it.
struct RunRecord {
  std::string id;  // also the directory's name
  std::filesystem::path directory;
  std::string startedAt;  // UTC, RFC 3339
  std::string relapseVersion;
  std::string toolVersions;  // libvirt, QEMU, compiler
  scenario::Scenario scenario;
  std::vector<std::string> overrides;  // --set
  kernel::KernelImage kernel;
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

}  // namespace relapse::report
