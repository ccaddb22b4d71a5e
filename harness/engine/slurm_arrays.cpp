// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/slurm_arrays.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace relapse::engine {

namespace {

// '%' begins a field in sbatch's file names.
std::string withoutFields(const std::string& path) {
  std::string escaped;
  for (const char c : path) escaped += c == '%' ? "%%" : std::string(1, c);
  return escaped;
}

// How many jobs of the same call come one after the other before each, itself included.
std::vector<std::size_t> depths(const std::vector<Job>& jobs, const std::vector<std::vector<std::string>>& awaited) {
  std::map<std::string, std::size_t> depthOf;
  std::vector<std::size_t> result;
  for (std::size_t at = 0; at < jobs.size(); ++at) {
    std::size_t depth = 1;
    for (const std::string& name : awaited[at])
      if (const auto found = depthOf.find(name); found != depthOf.end()) depth = std::max(depth, found->second + 1);
    depthOf[jobs[at].name] = depth;
    result.push_back(depth);
  }
  return result;
}

}  // namespace

std::string text(const TaskId& id) {
  return fmt::format("{}_{}", id.array, id.index);
}

std::vector<JobArray> arraysOf(const std::vector<Job>& jobs, const std::vector<std::vector<std::string>>& awaited,
                               std::size_t largest) {
  using Wants = std::tuple<std::size_t, int, std::uint64_t, std::chrono::seconds, std::vector<std::string>>;
  const std::vector<std::size_t> depth = depths(jobs, awaited);
  std::map<Wants, std::size_t> open;  // the array that the next job of these wants goes into
  std::vector<std::pair<std::size_t, JobArray>> arrays;
  for (std::size_t at = 0; at < jobs.size(); ++at) {
    std::vector<std::string> names = awaited[at];
    std::sort(names.begin(), names.end());
    const Wants wants{depth[at], jobs[at].cpus, jobs[at].memory, jobs[at].limit, names};
    auto place = open.find(wants);
    if (place == open.end() || arrays[place->second].second.size() >= largest) {
      place = open.insert_or_assign(wants, arrays.size()).first;
      arrays.emplace_back(depth[at], JobArray{});
    }
    arrays[place->second].second.push_back(at);
  }
  std::stable_sort(arrays.begin(), arrays.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<JobArray> sorted;
  for (auto& [ignored, array] : arrays) sorted.push_back(std::move(array));
  return sorted;
}

std::vector<std::string> sbatchArguments(const SlurmOptions& options, const Job& job, std::size_t tasks,
                                         const ArrayCall& call) {
  std::vector<std::string> argv{"sbatch",
                                "--parsable",
                                "--job-name=" + call.name,
                                fmt::format("--array=0-{}", tasks - 1),
                                "--nodes=1",
                                "--ntasks=1",
                                fmt::format("--cpus-per-task={}", job.cpus),
                                options.requeue ? "--requeue" : "--no-requeue",
                                "--open-mode=append",
                                "--input=/dev/null",
                                "--output=" + withoutFields(call.folder.string()) + "/%a.slurm"};
  constexpr std::uint64_t kMiB = 1u << 20;
  // Slurm takes 0 for all memory of a node.
  if (job.memory > 0) argv.push_back(fmt::format("--mem={}M", (job.memory + kMiB - 1) / kMiB));
  if (job.limit.count() > 0)
    argv.push_back(fmt::format("--time={}", std::chrono::ceil<std::chrono::minutes>(job.limit).count()));
  if (!options.partition.empty()) argv.push_back("--partition=" + options.partition);
  if (!options.account.empty()) argv.push_back("--account=" + options.account);
  if (!call.awaited.empty()) {
    std::string dependency = "--dependency=afterok";
    for (const TaskId& id : call.awaited) dependency += ":" + text(id);
    argv.push_back(dependency);
    argv.emplace_back("--kill-on-invalid-dep=yes");
  }
  argv.insert(argv.end(), options.sbatch.begin(), options.sbatch.end());
  argv.push_back(call.folder / "batch");
  argv.push_back(call.folder);
  return argv;
}

std::vector<std::string> cancelNames(const std::vector<TaskId>& chosen,
                                     const std::map<std::uint64_t, std::size_t>& live) {
  std::map<std::uint64_t, std::vector<TaskId>> byArray;
  for (const TaskId& id : chosen) byArray[id.array].push_back(id);
  std::vector<std::string> names;
  for (const auto& [array, ids] : byArray) {
    const auto found = live.find(array);
    if (found != live.end() && found->second == ids.size()) {
      names.push_back(std::to_string(array));
    } else {
      for (const TaskId& id : ids) names.push_back(text(id));
    }
  }
  return names;
}

}  // namespace relapse::engine
