// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/ledger.hpp"

#include <fmt/format.h>

#include <set>
#include <string_view>

namespace relapse::engine {

namespace {

constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

bool isVariable(std::string_view name) {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
  return !name.empty() && name.find_first_not_of(kCharacters) == std::string_view::npos &&
         (name.front() < '0' || name.front() > '9');
}

// Empty if nothing is wrong with the job by itself.
std::string wrongWith(const Job& job) {
  if (job.name.empty() || job.name.find_first_not_of(kNameCharacters) != std::string::npos)
    return "a name is letters, digits, '.', '_' and '-'";
  if (job.argv.empty() || job.argv.front().empty()) return "no command";
  if (job.argv.front().front() == '-') return "a program's name that is an option to a shell";
  for (const auto& [name, value] : job.environment)
    if (!isVariable(name)) return "no shell knows a variable of the name \"" + name + "\"";
  if (!job.result.is_absolute() || !job.log.is_absolute()) return "the files of a job are absolute";
  if (job.cpus < 1) return "a job has at least one CPU";
  return {};
}

}  // namespace

Result<void> Ledger::check(const std::vector<Job>& jobs) const {
  std::set<std::string> before;
  for (const Job& job : jobs) {
    std::string wrong = wrongWith(job);
    if (jobs_.contains(job.name) || before.contains(job.name)) wrong = "there is a job of that name";
    for (const std::string& name : job.after)
      if (!jobs_.contains(name) && !before.contains(name)) wrong = "no job \"" + name + "\" comes before it";
    if (!wrong.empty()) return fail(FailureKind::Internal, fmt::format("job \"{}\": {}", job.name, wrong));
    before.insert(job.name);
  }
  return {};
}

std::vector<std::string> Ledger::awaited(const Job& job) const {
  std::vector<std::string> names;
  for (const std::string& name : job.after)
    if (jobs_.at(name) == State::Live) names.push_back(name);
  return names;
}

std::optional<std::string> Ledger::lost(const Job& job) const {
  for (const std::string& name : job.after)
    if (jobs_.at(name) == State::Lost) return name;
  return std::nullopt;
}

JobEnd cancelledFor(const Job& job, const std::string& lost) {
  return {job.name, JobEnd::What::Cancelled, "not run: " + lost + " left no result"};
}

}  // namespace relapse::engine
