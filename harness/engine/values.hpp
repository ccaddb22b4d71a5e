// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

// Where runs go: slots of this host, or Slurm. A job is a command that leaves one file; what it is about is its
// caller's business.
namespace relapse::engine {

struct Job {
  std::string name;               // unique in the engine's life; letters, digits, '.', '_' and '-'
  std::vector<std::string> argv;  // argv[0] is a path, or looked up in PATH
  std::map<std::string, std::string> environment = {};
  std::filesystem::path result;  // absolute; the command writes it whole (under another name first) or not at all
  std::filesystem::path log;     // absolute; gets its standard output and error
  int cpus = 1;
  std::uint64_t memory = 0;             // bytes
  std::chrono::seconds limit{0};        // wall clock, from its start; 0: none
  std::vector<std::string> after = {};  // jobs submitted before it that must have left their result
};

struct JobEnd {
  enum class What {
    Result,     // the file is there
    NoData,     // the host's or the scheduler's doing: node failed, preempted, time limit, killed; worth another try
    Failed,     // the command ended by itself with a status other than 0 and left no file; so will another try
    Cancelled,  // asked for, or a job of `after` left nothing
  };
  std::string name;
  What what = What::NoData;
  std::string why = {};    // in words, but for Result
  std::string where = {};  // host or node that it ran on; empty: not known
};

}  // namespace relapse::engine
