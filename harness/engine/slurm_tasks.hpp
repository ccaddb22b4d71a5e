// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/values.hpp"

// What runs on a node, and what it leaves in the array's folder beside the job's own files:
//   batch      the script that Slurm copies to the node; the same for all
//   N.task     the job of task N, read by it
//   N.slurm    Slurm's own words on the task, and where each attempt ran
//   N.end      written last, whole: the command's status, whether it left its result, and the host; only if it ended by
//              itself
// Pure.
namespace relapse::engine {

// As one word of a POSIX shell, whatever it holds.
std::string shellQuoted(std::string_view text);

// Ends with 0 if and only if the result is there: `afterok` of other jobs asks for that.
std::string_view batchScript();
std::string taskScript(const Job& job);

struct TaskEnd {
  int status = 0;           // as a shell has it: 128 + N for signal N
  bool leftResult = false;  // as its own host saw it
  std::string host;
};
std::optional<TaskEnd> readTaskEnd(std::string_view file);  // nothing: it is not whole

struct TaskNotes {
  std::string host;  // of the last attempt; empty: none began
  std::string said;  // Slurm's last words
};
TaskNotes readTaskNotes(std::string_view file);

}  // namespace relapse::engine
