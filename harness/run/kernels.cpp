// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/kernels.hpp"

#include <optional>
#include <string>

#include "kernel/kernel.hpp"
#include "run/preflight.hpp"

namespace relapse::run {
namespace {

const char* stageOf(kernel::Stage stage) {
  switch (stage) {
    case kernel::Stage::Fetch:
      return "fetch";
    case kernel::Stage::Patch:
      return "patch";
    case kernel::Stage::Build:
      return "build";
  }
  return "build";
}

// The kernel's own progress, as stages of the run.
Result<kernel::KernelImage> obtainKernel(const RunRequest& request, const kernel::KernelRequest& wanted,
                                         Stages& stages) {
  std::string present = "fetch";
  kernel::BuildOptions options;
  options.deadline = request.scenario.deadlines.build;
  options.jobs = request.jobs;
  options.stop = request.stop;
  options.onProgress = [&](const kernel::Progress& progress) {
    if (present != stageOf(progress.stage)) stages.begin(present = stageOf(progress.stage));
    stages.progress(progress.done, progress.total, progress.text);
  };
  stages.begin(present);
  auto image = kernel::obtain(wanted, {request.places.cache, request.places.configs}, options);
  stages.end(static_cast<bool>(image), image ? std::string() : image.error().message);
  return image;
}

Result<kernel::KernelImage> clientsKernel(const RunRequest& request, Stages& stages) {
  if (request.kernel) return *request.kernel;
  if (request.ready) return stages.in("fetch", [&] { return kernel::ready(*request.ready); });
  kernel::KernelRequest wanted;
  wanted.sources = request.sources.empty() ? request.scenario.kernel.sources : request.sources;
  wanted.seriesRoot = request.scenario.kernel.series;
  wanted.patches = request.patches;
  wanted.config = request.scenario.kernel.config;
  wanted.extraConfig = request.configs;
  return obtainKernel(request, wanted, stages);
}

// What --patch and --config say is about the clients' kernel.
Result<std::optional<kernel::KernelImage>> serversOwnKernel(const RunRequest& request, Stages& stages) {
  const auto server = request.scenario.nodes.find("server");
  if (server == request.scenario.nodes.end() || !server->second.kernel) return std::nullopt;
  if (request.serverKernel) return request.serverKernel;
  const auto& own = *server->second.kernel;
  auto image = obtainKernel(request, {.sources = own.sources, .seriesRoot = own.series, .config = own.config}, stages);
  if (!image) return passOn(image.error());
  return *image;
}

}  // namespace

Result<void> obtainKernels(const RunRequest& request, Stages& stages, report::RunRecord& record) {
  auto kernel = clientsKernel(request, stages);
  if (!kernel) return passOn(kernel.error());
  record.kernel = std::move(*kernel);
  auto servers = serversOwnKernel(request, stages);
  if (!servers) return passOn(servers.error());
  record.serverKernel = std::move(*servers);
  for (const auto& [name, node] : request.scenario.nodes)
    if (auto fit = checkKernelOptions(request.scenario, name, report::kernelOf(record, name).config); !fit) return fit;
  return {};
}

}  // namespace relapse::run
