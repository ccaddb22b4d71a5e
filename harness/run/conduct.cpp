// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/conduct.hpp"

#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "guest/module_image.hpp"
#include "guest/root_image.hpp"
#include "kernel/kernel.hpp"
#include "report/json.hpp"
#include "run/collection.hpp"
#include "run/evidence.hpp"
#include "run/experiment.hpp"
#include "run/explanation.hpp"
#include "run/protocol.hpp"
#include "run/stages.hpp"
#include "verdict/judge.hpp"

namespace relapse::run {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

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
Result<kernel::KernelImage> obtainKernel(const RunRequest& request, Stages& stages) {
  if (request.ready) return stages.in("fetch", [&] { return kernel::ready(*request.ready); });
  kernel::KernelRequest wanted;
  wanted.sources = request.sources.empty() ? request.scenario.kernel.sources : request.sources;
  wanted.seriesRoot = request.scenario.kernel.series;
  wanted.patches = request.patches;
  wanted.config = request.scenario.kernel.config;
  wanted.extraConfig = request.configs;
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

Result<void> experimentInGuest(const RunRequest& request, guest::GuestHost& host, const guest::GuestSpec& spec,
                               Experiment& experiment, Stages& stages, report::RunRecord& record) {
  const auto& scenario = request.scenario;
  if (auto done = stages.in("boot", [&] { return experiment.boot(host, spec); }); !done) return done;
  const auto prepare = [&]() -> Result<void> {
    if (auto done = openEyes(scenario, experiment); !done) return done;
    if (auto done = mountExport(scenario, experiment); !done) return done;
    if (auto done = learnPlaces(experiment); !done) record.notes.push_back(done.error().message);
    return {};
  };
  if (auto done = stages.in("mount", prepare); !done) return done;
  const auto until = Experiment::Clock::now() + scenario.deadlines.reproduce;
  if (auto done = stages.in("workload", [&] { return takeSteps(scenario, experiment, until); }); !done) return done;
  return stages.in("watch", [&]() -> Result<void> {
    if (auto done = watch(scenario, experiment, until); !done) return done;
    return proveHealth(scenario, experiment);
  });
}

// Its file system, with the kernel's modules.
Result<guest::GuestSpec> guestFor(const RunRequest& request, const kernel::KernelImage& kernel) {
  const auto& places = request.places;
  const guest::RootRecipe recipe{places.guestScripts / "packages.txt", places.guestScripts / "root-files.txt",
                                 places.guestOverlay};
  auto root = guest::makeRootImage(recipe, places.cache, request.stop);
  if (!root) return passOn(root.error());
  guest::GuestSpec spec{"client", request.scenario.nodes.at("client"), kernel.image, root->file};
  if (kernel.modules.empty()) return spec;
  auto modules =
      guest::makeModuleImage({kernel.modules, kernel.release, kernel.modulesSha256}, places.cache, request.stop);
  if (!modules) return passOn(modules.error());
  spec.modules = *modules;
  return spec;
}

report::RunRecord newRecord(const RunRequest& request, const Evidence& evidence) {
  report::RunRecord record;
  record.id = evidence.id();
  record.startedAt = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  record.relapseVersion = RELAPSE_VERSION;
  record.scenario = request.scenario;
  record.overrides = request.overrides;
  return record;
}

// Nothing was tried then that a verdict could be about.
bool endsWithoutRecord(const Failure& failure) {
  return failure.kind == FailureKind::BadInput || failure.kind == FailureKind::HostLacks ||
         failure.kind == FailureKind::Cancelled;
}

Result<report::RunRecord> finish(Evidence& evidence, const RunRequest& request, report::RunRecord record,
                                 const std::string& domainXml, std::map<std::string, std::string> sums) {
  record.verdict = verdict::judge(record.scenario.expect, record.seen);
  if (!record.kernel.image.empty()) {
    sums["bundle/Image"] = record.kernel.imageSha256;
    sums["bundle/vmlinux"] = record.kernel.vmlinuxSha256;
    if (auto done = evidence.bundle(request, record, domainXml); !done) record.notes.push_back(done.error().message);
  }
  record.artefacts = evidence.files(sums);
  if (auto done = evidence.write("result.json", report::resultJson(record)); !done) return passOn(done.error());
  auto kept = evidence.keep();
  if (!kept) return passOn(kept.error());
  record.directory = *kept;
  return record;
}

}  // namespace

Result<report::RunRecord> conduct(const RunRequest& request, guest::GuestHost& host, const Observer& observer) {
  Stages stages(observer);
  auto kernel = obtainKernel(request, stages);
  if (!kernel && endsWithoutRecord(kernel.error())) return passOn(kernel.error());
  auto evidence = Evidence::begin(request.places.state, request.scenario.name);
  if (!evidence) return passOn(evidence.error());
  report::RunRecord record = newRecord(request, *evidence);
  if (!kernel) {
    record.seen.infrastructure = kernel.error().message;
    record.stages = stages.times();
    return finish(*evidence, request, std::move(record), {}, {});
  }
  record.kernel = *kernel;
  auto spec = stages.in("root", [&] { return guestFor(request, *kernel); });
  if (!spec) {
    evidence->abandon();
    return passOn(spec.error());
  }

  Experiment experiment(request.scenario, *evidence, request.stop);
  auto done = experimentInGuest(request, host, *spec, experiment, stages, record);
  if (!done && endsWithoutRecord(done.error())) {
    experiment.finish();
    evidence->abandon();
    return passOn(done.error());
  }
  if (!done) experiment.seen().infrastructure = done.error().message;
  if (!done && !done.error().advice.empty()) record.notes.push_back("try: " + done.error().advice);
  stages.begin("collect");
  if (experiment.guest() != nullptr) record.toolVersions = experiment.guest()->versions();
  spdlog::debug("collecting at_ms={}", experiment.now().count());
  const auto collected = collect(request.scenario, experiment, *evidence);
  record.notes.insert(record.notes.end(), collected.notes.begin(), collected.notes.end());
  experiment.finish();
  spdlog::debug("guest ended at_ms={}", experiment.now().count());
  record.seen = experiment.seen();
  record.works = experiment.works();
  record.stalls = experiment.stalls();
  stages.begin("explain");
  auto sums = explain(request, collected, experiment, *evidence, record);
  stages.end(true, {});
  record.stages = stages.times();
  return finish(*evidence, request, std::move(record), experiment.domainXml(), std::move(sums));
}

}  // namespace relapse::run
