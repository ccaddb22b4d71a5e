// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/run_jobs.hpp"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "cli/places.hpp"
#include "engine/local.hpp"
#include "engine/slurm.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::uint64_t kBesideGuest = 512ull << 20;  // QEMU itself, relapse, and the post-mortem
constexpr std::uint64_t kForBuild = 2ull << 30;
constexpr auto kForEvidence = 15min;

int cores() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void addEach(std::vector<std::string>& argv, const char* option, const auto& values) {
  for (const auto& value : values) argv.insert(argv.end(), {option, fs::path(value).string()});
}

std::vector<std::string> command(const char* what, const scenario::Scenario& scenario, const RunArguments& arguments,
                                 const Common& common) {
  std::vector<std::string> argv{executable().string(), "--quiet"};
  if (!common.stateDir.empty()) argv.insert(argv.end(), {"--state-dir", fs::absolute(common.stateDir).string()});
  argv.insert(argv.end(), {what, scenario.file.string()});
  addEach(argv, "--kernel", arguments.kernels);
  if (!arguments.image.empty())
    argv.insert(argv.end(), {"--image", fs::absolute(arguments.image).string(), "--vmlinux",
                             fs::absolute(arguments.vmlinux).string()});
  if (!arguments.modules.empty()) argv.insert(argv.end(), {"--modules", fs::absolute(arguments.modules).string()});
  if (arguments.noSeries) argv.emplace_back("--no-series");
  for (const auto& patch : arguments.patches) argv.insert(argv.end(), {"--patch", fs::absolute(patch).string()});
  for (const auto& config : arguments.configs) argv.insert(argv.end(), {"--config", fs::absolute(config).string()});
  for (const auto& set : scenario.cell) argv.insert(argv.end(), {"--set", set});
  for (const auto& set : arguments.sets) argv.insert(argv.end(), {"--set", set});
  if (arguments.makeJobs > 0) argv.insert(argv.end(), {"--make-jobs", std::to_string(arguments.makeJobs)});
  return argv;
}

}  // namespace

engine::Job runJob(const scenario::Scenario& scenario, const RunArguments& arguments, const Common& common,
                   std::uint64_t seed) {
  engine::Job job;
  job.argv = command("run", scenario, arguments, common);
  job.argv.insert(job.argv.end(), {"--set", fmt::format("seed={}", seed), "--until", "1/1", "--no-history"});
  if (!arguments.connect.empty()) job.argv.insert(job.argv.end(), {"--connect", arguments.connect});
  job.cpus = 0;
  for (const auto& [name, node] : scenario.nodes) {
    job.cpus += node.cpus;
    job.memory += node.memory.value + kBesideGuest;
  }
  job.limit = scenario.deadlines.boot + scenario.deadlines.reproduce + kForEvidence;
  return job;
}

engine::Job buildJob(const scenario::Scenario& scenario, const RunArguments& arguments, const Common& common) {
  engine::Job job;
  job.argv = command("build", scenario, arguments, common);
  job.cpus = arguments.makeJobs > 0 ? arguments.makeJobs : cores();
  job.memory = kForBuild;
  job.limit = scenario.deadlines.build + kForEvidence;
  return job;
}

Result<std::unique_ptr<engine::Engine>> makeEngine(const EngineArguments& arguments, const fs::path& folder) {
  if (arguments.engine == "slurm") {
    engine::SlurmOptions options;
    options.shared = folder / "slurm";
    options.partition = arguments.partition;
    options.sbatch = arguments.slurmOptions;
    if (arguments.jobs > 0) options.jobs = static_cast<std::size_t>(arguments.jobs);
    return engine::makeSlurm(options);
  }
  return engine::makeLocal({.jobs = static_cast<std::size_t>(arguments.jobs)});
}

bool severalFit(const scenario::Scenario& scenario) {
  int cpus = 0;
  for (const auto& [name, node] : scenario.nodes) cpus += node.cpus;
  return 2 * cpus <= cores();
}

}  // namespace relapse::cli
