// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/slurm_queue.hpp"
#include "failure/values.hpp"

namespace relapse::engine {

// Calls of Slurm's programs, each with a deadline. All jobs of one client have one name, by which squeue is asked.
// Failures quote the program's own words.
class SlurmClient {
 public:
  SlurmClient(std::string name, std::chrono::seconds submitPatience)
      : name_(std::move(name)), submitPatience_(submitPatience) {}

  const std::string& name() const { return name_; }

  // HostLacks: a program is not here.
  static Result<void> findPrograms();
  // The largest job array that the cluster takes.
  static Result<std::size_t> largestArray();

  // The array's id. A scheduler that is busy or away is asked again, for a while; never does one call make two arrays.
  // `known`: the arrays that this client has submitted before.
  Result<std::uint64_t> submit(const std::vector<std::string>& sbatch, const std::vector<std::uint64_t>& known) const;
  // Cancelled: `stop` was asked for.
  Result<std::map<TaskId, QueueEntry>> queue(const std::stop_token& stop = {}) const;
  // Empty: the scheduler does not remember it, or does not answer.
  static std::map<TaskId, Remembered> remembered(std::uint64_t array);
  // What fails in it shows in the queue.
  static void cancel(const std::vector<std::string>& names);

 private:
  std::string name_;
  std::chrono::seconds submitPatience_;
};

}  // namespace relapse::engine
