// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/slurm_arrays.hpp"
#include "engine/slurm_tasks.hpp"
#include "engine/values.hpp"
#include "failure/values.hpp"

// What Slurm's programs say, and what it means for a job. Pure.
namespace relapse::engine {

struct QueueEntry {
  std::string state;   // "PENDING", "RUNNING", "COMPLETING", ...
  std::string host;    // empty: none yet
  std::string reason;  // why it waits
};
inline constexpr std::string_view kQueueFormat = "%F|%K|%T|%N|%r";  // of squeue -r
std::map<TaskId, QueueEntry> readQueue(std::string_view squeue);

// What scontrol remembers of a job that has left the queue.
struct Remembered {
  std::string state;  // "TIMEOUT", "NODE_FAIL", ...
  std::string reason;
  std::string host;
};
std::map<TaskId, Remembered> readRemembered(std::string_view scontrol);  // of scontrol show job -o

// A reason for which a waiting job will never run: its end. Nothing: it may.
std::optional<JobEnd> endOfWaiting(const Job& job, std::string_view reason);

// All that is known of a job that has left the queue.
struct Traces {
  bool result = false;
  bool cancelled = false;                     // this engine was asked to
  std::optional<TaskEnd> end = {};            //
  std::optional<Remembered> remembered = {};  //
  TaskNotes notes = {};                       //
  std::string host = {};                      // where squeue last saw it
  bool folderIsFull = false;                  // the shared one, now
};
JobEnd endOfTask(const Job& job, const Traces& traces);

// What sbatch's refusal is. Exhausted: no refusal, the scheduler is busy or away; the same call may do later.
FailureKind refusal(std::string_view words);

}  // namespace relapse::engine
