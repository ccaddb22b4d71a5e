// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/slurm_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <thread>

#include "process/lines.hpp"
#include "process/process.hpp"

namespace relapse::engine {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kDeadline{60};
constexpr std::chrono::seconds kLongestPause{30};
constexpr std::size_t kNamesInACall = 200;

Result<std::string> call(std::vector<std::string> argv, const std::stop_token& stop = {}) {
  process::Command command{.argv = std::move(argv)};
  // What a user may have set for calls of sbatch and squeue by hand, and that would change what these mean.
  command.unset = {"SBATCH_WAIT",   "SBATCH_ERROR",   "SBATCH_WRAP",  "SBATCH_TEST_ONLY", "SQUEUE_FORMAT",
                   "SQUEUE_STATES", "SQUEUE_FORMAT2", "SQUEUE_USERS", "SQUEUE_PARTITION", "SQUEUE_ACCOUNT"};
  auto output = process::runChecked(command, {.deadline = kDeadline, .stop = stop});
  if (!output) return passOn(output.error());
  return std::move(output->standardOutput);
}

// sbatch --parsable: "12", or "12;cluster".
std::optional<std::uint64_t> arrayId(const std::string& said) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(said.data(), said.data() + said.size(), id);
  if (error != std::errc{} || end == said.data()) return std::nullopt;
  return id;
}

std::optional<std::uint64_t> unknownArray(const std::map<TaskId, QueueEntry>& listed,
                                          const std::vector<std::uint64_t>& known) {
  for (const auto& [id, entry] : listed)
    if (std::find(known.begin(), known.end(), id.array) == known.end()) return id.array;
  return std::nullopt;
}

}  // namespace

Result<void> SlurmClient::findPrograms() {
  for (const char* program : {"sbatch", "squeue", "scancel", "scontrol"})
    if (!process::findProgram(program))
      return fail(FailureKind::HostLacks, fmt::format("{} is not here", program), "apt-get install slurm-client");
  return {};
}

Result<std::size_t> SlurmClient::largestArray() {
  const auto said = call({"scontrol", "show", "config"});
  if (!said)
    return fail(said.error().kind, fmt::format("Slurm does not answer: {}", said.error().message),
                "--engine slurm on a machine of a cluster (docs/slurm.md), or --engine local");
  const std::size_t at = said->find("MaxArraySize");
  const std::size_t value = at == std::string::npos ? at : said->find_first_of("0123456789", at);
  const auto size = value == std::string::npos ? std::nullopt : arrayId(said->substr(value));
  if (!size || *size < 2) return fail(FailureKind::HostLacks, "this cluster takes no job arrays (MaxArraySize)");
  return static_cast<std::size_t>(*size);  // its indices end one below it
}

Result<std::uint64_t> SlurmClient::submit(const std::vector<std::string>& sbatch,
                                          const std::vector<std::uint64_t>& known) const {
  const auto until = Clock::now() + submitPatience_;
  std::chrono::seconds pause{1};
  while (true) {
    const auto said = call(sbatch);
    if (said) {
      if (const auto id = arrayId(*said)) return *id;
      return fail(FailureKind::HostLacks, "sbatch said no job's number: " + process::lastLines(*said, 3));
    }
    const FailureKind kind = refusal(said.error().message);
    if (kind != FailureKind::Exhausted) return fail(kind, said.error().message);
    // It may have taken the array and failed to say so: it is given it again only when the queue has been seen.
    Result<std::map<TaskId, QueueEntry>> listed;
    do {
      if (Clock::now() + pause > until) return fail(FailureKind::HostLacks, said.error().message);
      std::this_thread::sleep_for(pause);
      pause = std::min(2 * pause, kLongestPause);
      listed = queue();
    } while (!listed);
    if (const auto id = unknownArray(*listed, known)) return *id;
  }
}

Result<std::map<TaskId, QueueEntry>> SlurmClient::queue(const std::stop_token& stop) const {
  const auto said =
      call({"squeue", "--noheader", "--array", "--name=" + name_, "--format=" + std::string(kQueueFormat)}, stop);
  if (!said) return passOn(said.error());
  return readQueue(*said);
}

std::map<TaskId, Remembered> SlurmClient::remembered(std::uint64_t array) {
  const auto said = call({"scontrol", "show", "job", "--oneliner", std::to_string(array)});
  return said ? readRemembered(*said) : std::map<TaskId, Remembered>{};
}

void SlurmClient::cancel(const std::vector<std::string>& names) {
  for (std::size_t first = 0; first < names.size(); first += kNamesInACall) {
    std::vector<std::string> argv{"scancel", "--quiet"};
    for (std::size_t at = first; at < std::min(first + kNamesInACall, names.size()); ++at) argv.push_back(names[at]);
    (void)call(std::move(argv));
  }
}

}  // namespace relapse::engine
