// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.hpp"

namespace relapse::engine {

struct SlurmOptions {
  std::filesystem::path shared;          // a folder that this host and all nodes see under one path; made if missing
  std::string partition = {};            // empty: the cluster's own
  std::string account = {};              // empty: the user's own
  std::vector<std::string> sbatch = {};  // more arguments of sbatch, behind relapse's own
  std::size_t jobs = 1000;               // worth having submitted at one time, those that wait included
  bool requeue = true;                   // Slurm itself runs a preempted job, or one whose node failed, again
  std::chrono::milliseconds poll{5000};  // at most one squeue in so long
  std::chrono::milliseconds settle{20'000};  // for files of another host to be seen here
  std::chrono::seconds patience{1800};       // with a scheduler that does not answer
  std::chrono::seconds submitPatience{120};
};

// Slurm, through sbatch, squeue, scancel and scontrol. Jobs of one submit() that ask for the same are one job array.
// Results are files in the shared folder; nothing that the jobs print is read. A limit is rounded up to whole minutes,
// which is how Slurm counts.
// HostLacks: a program is missing, the scheduler does not answer. Exhausted: no space left in the shared folder.
Result<std::unique_ptr<Engine>> makeSlurm(const SlurmOptions& options);

}  // namespace relapse::engine
