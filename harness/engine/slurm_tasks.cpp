// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/slurm_tasks.hpp"

#include <algorithm>
#include <charconv>

namespace relapse::engine {

namespace {

constexpr std::string_view kOn = "relapse: on ";

}  // namespace

std::string shellQuoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

// A signal ends the shell before it writes an end: only a command that ended by itself leaves one. The end is written
// under another name first, and behind the result, so that whoever sees it sees the result.
std::string_view batchScript() {
  return R"(#!/bin/sh
# Written by relapse: runs one task of a job array. $1 is the array's folder.
task=$1/$SLURM_ARRAY_TASK_ID
host=${SLURMD_NODENAME:-$(uname -n)}
echo "relapse: on $host"
. "$task.task" || exit 1
true >>"$log" || exit 1
# Slurm may run a task again whose end it did not see.
if [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ] && [ -e "$result" ]; then exit 0; fi
job
status=$?
left=0
if [ -e "$result" ]; then sync "$result" && left=1; fi
printf '%s %s %s\n' "$status" "$left" "$host" >"$task.end.new" && sync "$task.end.new" && mv "$task.end.new" "$task.end"
[ "$left" = 0 ] || exit 0
[ "$status" != 0 ] || status=1
exit "$status"
)";
}

std::string taskScript(const Job& job) {
  std::string script =
      "result=" + shellQuoted(job.result.string()) + "\nlog=" + shellQuoted(job.log.string()) + "\njob() (\n";
  for (const auto& [name, value] : job.environment) script += "export " + name + "=" + shellQuoted(value) + "\n";
  script += "exec </dev/null >>\"$log\" 2>&1\nexec";
  for (const std::string& argument : job.argv) script += " " + shellQuoted(argument);
  return script + "\n)\n";
}

std::optional<TaskEnd> readTaskEnd(std::string_view file) {
  TaskEnd end;
  const auto [rest, error] = std::from_chars(file.data(), file.data() + file.size(), end.status);
  file.remove_prefix(static_cast<std::size_t>(rest - file.data()));
  end.leftResult = file.starts_with(" 1 ");
  if (error != std::errc{} || !(end.leftResult || file.starts_with(" 0 ")) || !file.ends_with('\n'))
    return std::nullopt;
  end.host = file.substr(3, file.size() - 4);
  return end;
}

TaskNotes readTaskNotes(std::string_view file) {
  TaskNotes notes;
  while (!file.empty()) {
    const std::size_t end = std::min(file.find('\n'), file.size());
    const std::string_view line = file.substr(0, end);
    file.remove_prefix(std::min(end + 1, file.size()));
    if (line.starts_with(kOn)) {
      notes = {std::string(line.substr(kOn.size())), ""};
    } else if (line.find_first_not_of(" \t") != std::string_view::npos) {
      notes.said = line;
    }
  }
  return notes;
}

}  // namespace relapse::engine
