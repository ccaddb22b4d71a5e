// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/slurm_queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace relapse::engine {

namespace {

using What = JobEnd::What;

std::string_view takeUntil(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<TaskId> taskId(std::string_view array, std::string_view index) {
  const auto first = number<std::uint64_t>(array);
  const auto second = number<int>(index);
  if (!first || !second) return std::nullopt;
  return TaskId{*first, *second};
}

// The value behind " Key=" in a line of scontrol's; up to the next blank.
std::string_view valueOf(std::string_view line, std::string_view key) {
  const std::string wanted = fmt::format(" {}=", key);
  const std::size_t at = line.find(wanted);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + wanted.size());
  const std::string_view value = line.substr(0, line.find(' '));
  return value == "(null)" ? std::string_view{} : value;
}

struct Never {
  std::string_view reason;  // as squeue prints it; slurm/src/common/slurm_protocol_defs.c, job_reason_string()
  What what;
};
constexpr Never kNever[] = {
    {"DependencyNeverSatisfied", What::Cancelled},
    {"launch failed requeued held", What::NoData},  // the node's doing: its prolog, its disk
    {"launch_failed_requeued_held", What::NoData},
    {"job requeued in held state", What::NoData},
    {"job_requeued_in_held_state", What::NoData},
    {"BadConstraints", What::Failed},
    {"PartitionTimeLimit", What::Failed},
    {"InvalidAccount", What::Failed},
    {"InvalidQOS", What::Failed},
};

struct StateWords {
  std::string_view state;
  std::string_view words;
};
constexpr StateWords kStates[] = {
    {"TIMEOUT", "time limit"},
    {"DEADLINE", "deadline"},
    {"NODE_FAIL", "its node failed"},
    {"BOOT_FAIL", "its node did not boot"},
    {"PREEMPTED", "preempted"},
    {"OUT_OF_MEMORY", "out of memory"},
    {"CANCELLED", "cancelled by somebody else"},
};

std::string wordsOf(const Remembered& remembered) {
  for (const auto& [state, words] : kStates)
    if (remembered.state.starts_with(state)) return fmt::format("{} (Slurm: {})", words, remembered.state);
  return "left no result (Slurm: " + remembered.state + ")";
}

std::string whyNothing(const Traces& traces) {
  if (traces.folderIsFull) return "left no result, and the shared folder is full";
  std::string why = traces.remembered ? wordsOf(*traces.remembered) : "left the queue without a result";
  if (!traces.notes.said.empty()) why += ": " + traces.notes.said;
  return why;
}

struct Refusal {
  std::string_view words;  // slurm/src/common/slurm_errno.c
  FailureKind kind;
};
constexpr Refusal kRefusals[] = {
    {"Unable to contact slurm controller", FailureKind::Exhausted},
    {"Socket timed out", FailureKind::Exhausted},
    {"Communication connection failure", FailureKind::Exhausted},
    {"Zero Bytes were transmitted", FailureKind::Exhausted},
    {"Slurm temporarily unable to accept job", FailureKind::Exhausted},
    {"Slurm backup controller in standby mode", FailureKind::Exhausted},
    {"Resource temporarily unavailable", FailureKind::Exhausted},
    {"Invalid partition", FailureKind::BadInput},
    {"Invalid account", FailureKind::BadInput},
    {"Invalid qos", FailureKind::BadInput},
    {"unrecognized option", FailureKind::BadInput},
    {"invalid option", FailureKind::BadInput},
    {"Requested node configuration is not available", FailureKind::BadInput},
    {"can not be satisfied", FailureKind::BadInput},
    {"Requested time limit is invalid", FailureKind::BadInput},
    {"Invalid feature", FailureKind::BadInput},
};

}  // namespace

std::map<TaskId, QueueEntry> readQueue(std::string_view squeue) {
  std::map<TaskId, QueueEntry> queue;
  while (!squeue.empty()) {
    std::string_view line = takeUntil(squeue, '\n');
    const std::string_view array = takeUntil(line, '|'), index = takeUntil(line, '|');
    const auto id = taskId(array, index);
    if (!id) continue;
    const std::string_view state = takeUntil(line, '|'), host = takeUntil(line, '|');
    queue[*id] = {std::string(state), std::string(host), std::string(line)};
  }
  return queue;
}

std::map<TaskId, Remembered> readRemembered(std::string_view scontrol) {
  std::map<TaskId, Remembered> jobs;
  while (!scontrol.empty()) {
    const std::string_view line = takeUntil(scontrol, '\n');
    const auto id = taskId(valueOf(line, "ArrayJobId"), valueOf(line, "ArrayTaskId"));
    if (!id) continue;
    jobs[*id] = {std::string(valueOf(line, "JobState")), std::string(valueOf(line, "Reason")),
                 std::string(valueOf(line, "NodeList"))};
  }
  return jobs;
}

std::optional<JobEnd> endOfWaiting(const Job& job, std::string_view reason) {
  for (const Never& never : kNever)
    if (reason == never.reason) return JobEnd{job.name, never.what, fmt::format("never runs (Slurm: {})", reason)};
  return std::nullopt;
}

JobEnd endOfTask(const Job& job, const Traces& traces) {
  std::string host = traces.end ? traces.end->host : traces.notes.host;
  if (host.empty() && traces.remembered) host = traces.remembered->host;
  if (host.empty()) host = traces.host;
  const auto end = [&](What what, std::string why) { return JobEnd{job.name, what, std::move(why), host}; };

  if (traces.result) return end(What::Result, "");
  if (traces.cancelled) return end(What::Cancelled, "cancelled");
  if (traces.end && traces.end->leftResult) return end(What::NoData, "its result is not to be seen on this host");
  if (traces.end && traces.end->status > 128)
    return end(What::NoData, fmt::format("killed by signal {}", traces.end->status - 128));
  if (traces.end && traces.end->status == 0) return end(What::NoData, "ended with status 0 and left no result");
  if (traces.end) return end(What::Failed, fmt::format("ended with status {} and left no result", traces.end->status));
  if (traces.remembered && traces.remembered->reason == "DependencyNeverSatisfied")
    return end(What::Cancelled, "not run: a job that it waits for left no result");
  return end(What::NoData, whyNothing(traces));
}

FailureKind refusal(std::string_view words) {
  for (const Refusal& row : kRefusals)
    if (words.find(row.words) != std::string_view::npos) return row.kind;
  return FailureKind::HostLacks;
}

}  // namespace relapse::engine
