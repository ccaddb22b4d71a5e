// SPDX-License-Identifier: GPL-2.0-or-later
#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "campaign/run_file.hpp"
#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/interrupts.hpp"
#include "cli/places.hpp"
#include "cli/run_request.hpp"
#include "kernel/code.hpp"
#include "run/kernels.hpp"
#include "scenario/scenario.hpp"

namespace relapse::cli {
namespace {

int failed(const Failure& failure, const RunArguments& arguments) {
  printFailure(failure);
  if (!arguments.result.empty() && failure.kind != FailureKind::Cancelled)
    if (auto written = campaign::writeRunFile(arguments.result, failure); !written) printFailure(written.error());
  return exitStatusOf(failure.kind);
}

void print(const scenario::Scenario& scenario, const report::RunRecord& record, const Common& common) {
  if (common.json) {
    const nlohmann::ordered_json out{{"scenario", scenario.name},
                                     {"source", record.kernel.source},
                                     {"release", record.kernel.release},
                                     {"build_id", record.kernel.buildId},
                                     {"from_cache", record.kernel.fromCache},
                                     {"image", record.kernel.image.string()},
                                     {"vmlinux", record.kernel.vmlinux.string()}};
    fmt::print("{}\n", out.dump());
  } else if (!common.quiet) {
    fmt::print("{}: {} from {}\n  {}\n  {}\n", scenario.name, record.kernel.release, record.kernel.source,
               record.kernel.image.string(), record.kernel.vmlinux.string());
  }
  (void)std::fflush(stdout);
}

Result<campaign::BuiltKernel> build(const scenario::Scenario& scenario, const RunArguments& arguments,
                                    const Common& common, const std::stop_token& stop) {
  const auto request = requestFor(arguments, scenario, places(common.stateDir), {}, stop);
  Display display(isatty(STDERR_FILENO) == 1, common.quiet, colourOn(STDERR_FILENO));
  const run::Observer observer = [&](const run::StageUpdate& update) { display.show(update); };
  run::Stages stages(observer);
  report::RunRecord record;
  if (auto built = run::obtainKernels(request, stages, record); !built) return passOn(built.error());
  print(scenario, record, common);
  auto sum = kernel::sumOfCode(record.kernel);
  if (!sum) return passOn(sum.error());
  return campaign::BuiltKernel{record.kernel.source, record.kernel.release, record.kernel.buildId, std::move(*sum),
                               record.kernel.fromCache};
}

}  // namespace

int buildCommand(const RunArguments& arguments, const Common& common) {
  const Interrupts interrupts;
  campaign::BuiltKernel last;
  for (const auto& name : arguments.scenarios) {
    auto file = findScenario(name);
    if (!file) return failed(file.error(), arguments);
    auto cells = scenario::loadCells(*file, arguments.sets);
    if (!cells) return failed(cells.error(), arguments);
    for (const auto& scenario : *cells) {
      auto built = build(scenario, arguments, common, interrupts.token());
      if (!built) return failed(built.error(), arguments);
      last = std::move(*built);
    }
  }
  if (arguments.result.empty()) return 0;
  if (auto written = campaign::writeRunFile(arguments.result, last); !written) {
    printFailure(written.error());
    return exitStatusOf(written.error().kind);
  }
  return 0;
}

}  // namespace relapse::cli
