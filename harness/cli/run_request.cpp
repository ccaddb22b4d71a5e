// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/run_request.hpp"

#include "scenario/resolved.hpp"

namespace relapse::cli {

run::RunRequest requestFor(const RunArguments& arguments, const scenario::Scenario& scenario, const run::Places& places,
                           const std::filesystem::path& scratch, const std::stop_token& stop) {
  run::RunRequest request;
  request.scenario = scenario;
  if (arguments.noSeries) request.scenario.kernel.series.reset();
  request.overrides = arguments.sets;
  request.sources = arguments.kernels;
  for (auto& source : request.sources)  // "." says nothing in a record
    if (std::filesystem::exists(source)) source = std::filesystem::canonical(source);
  if (!arguments.image.empty())
    request.ready = kernel::ReadyKernel{arguments.image, arguments.vmlinux, arguments.modules};
  for (const auto& patch : arguments.patches) request.patches.push_back(std::filesystem::absolute(patch));
  for (const auto& config : arguments.configs) request.configs.push_back(std::filesystem::absolute(config));
  auto overrides = scenario.cell;  // before --set, as loadCells() puts them
  overrides.insert(overrides.end(), arguments.sets.begin(), arguments.sets.end());
  // Now, because the file may be another one when the kernel is built.
  request.resolved = scenario::resolvedText(scenario.file, overrides).value_or("");
  request.jobs = arguments.makeJobs;
  request.places = places;
  request.scratch = scratch;
  request.stop = stop;
  return request;
}

}  // namespace relapse::cli
