// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/slurm.hpp"

// How jobs become job arrays, and an array becomes a call of sbatch. Pure.
namespace relapse::engine {

struct TaskId {
  std::uint64_t array = 0;
  int index = 0;
  auto operator<=>(const TaskId&) const = default;
};
std::string text(const TaskId& id);  // "12_3"

// Positions of jobs that ask for the same CPUs, memory, limit and earlier jobs, in their order; at most `largest`.
using JobArray = std::vector<std::size_t>;

// `awaited`: of each job, those of `after` that have not ended. An array comes behind those that it waits for.
std::vector<JobArray> arraysOf(const std::vector<Job>& jobs, const std::vector<std::vector<std::string>>& awaited,
                               std::size_t largest);

struct ArrayCall {
  std::string name;              // of the Slurm job
  std::filesystem::path folder;  // holds the batch script and a file per task
  std::vector<TaskId> awaited;
};
// `job`: any of the array, for they ask for the same.
std::vector<std::string> sbatchArguments(const SlurmOptions& options, const Job& job, std::size_t tasks,
                                         const ArrayCall& call);

// What scancel is given: an array as a whole where `live` has no task of it beside those `chosen`.
std::vector<std::string> cancelNames(const std::vector<TaskId>& chosen,
                                     const std::map<std::uint64_t, std::size_t>& live);

}  // namespace relapse::engine
