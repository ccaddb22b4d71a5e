// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/values.hpp"
#include "failure/values.hpp"

namespace relapse::engine {

// Runs jobs and tells their ends. Every job that was submitted ends once. Used by one thread, which outlives it; a
// job's limit is kept while that thread is in next(). A job whose file is there has its Result, however it ended.
class Engine {
 public:
  virtual ~Engine() = default;  // ends what still runs, and waits for it

  virtual std::string_view name() const = 0;  // "local", "slurm"

  // So many more jobs are worth submitting now: as many as can run, and as many again that wait so that no slot is ever
  // idle, less those that have not ended. More would only wait.
  virtual std::size_t room() const = 0;

  // All of them or none. BadInput: more than this engine can ever give one job; HostLacks: the scheduler refuses.
  virtual Result<void> submit(const std::vector<Job>& jobs) = 0;

  // Waits for the next end. Cancelled: `stop` was asked for; nothing is cancelled by that. With no job left to end it
  // is a defect to ask: Internal. HostLacks: the scheduler did not answer for long.
  virtual Result<JobEnd> next(const std::stop_token& stop) = 0;

  // Its end, Cancelled, comes by next(). One that has ended already, or is not known, is left alone.
  virtual void cancel(const std::vector<std::string>& names) = 0;
};

}  // namespace relapse::engine
