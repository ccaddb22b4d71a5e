// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/conduct.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include "guest/root_image.hpp"
#include "kernel/kernel.hpp"
#include "report/json.hpp"
#include "run/evidence.hpp"
#include "run/experiment.hpp"
#include "run/protocol.hpp"
#include "run/stages.hpp"
#include "verdict/judge.hpp"

namespace relapse::run {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr int kRegisterSamples = 5;

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
  if (request.ready)
    return stages.in("fetch", [&] { return kernel::ready(request.ready->first, request.ready->second); });
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
                               Experiment& experiment, Stages& stages) {
  const auto& scenario = request.scenario;
  if (auto done = stages.in("boot", [&] { return experiment.boot(host, spec); }); !done) return done;
  const auto prepare = [&]() -> Result<void> {
    if (auto done = openEyes(scenario, experiment); !done) return done;
    return mountExport(scenario, experiment);
  };
  if (auto done = stages.in("mount", prepare); !done) return done;
  const auto until = Experiment::Clock::now() + scenario.deadlines.reproduce;
  if (auto done = stages.in("workload", [&] { return takeSteps(scenario, experiment, until); }); !done) return done;
  return stages.in("watch", [&]() -> Result<void> {
    if (auto done = watch(scenario, experiment, until); !done) return done;
    return proveHealth(scenario, experiment);
  });
}

Result<void> collectRegisters(Experiment& experiment, Evidence& evidence) {
  auto samples = nlohmann::json::array();
  for (int i = 0; i < kRegisterSamples; ++i) {
    auto text = experiment.guest()->registers();
    if (!text) return passOn(text.error());
    samples.push_back({{"at_ms", experiment.now().count()}, {"text", *text}});
  }
  return evidence.write("registers.json", nlohmann::json{{"version", 1}, {"samples", samples}}.dump(1) + "\n");
}

Result<std::string> collectMemory(const scenario::Scenario& scenario, Experiment& experiment, Evidence& evidence) {
  const auto needed = scenario.nodes.at("client").memory.value + (64u << 20);
  struct statvfs room {};
  if (statvfs(evidence.folder().c_str(), &room) == 0 && room.f_bavail * room.f_frsize < needed)
    return fail(FailureKind::Exhausted,
                fmt::format("{}: {} MiB are free, the memory dump needs {}", evidence.folder().string(),
                            (room.f_bavail * room.f_frsize) >> 20, needed >> 20));
  const fs::path part = evidence.folder() / "vmcore.part";
  const fs::path file = evidence.folder() / "vmcore";
  auto dumped = experiment.guest()->dumpMemory(part);
  if (!dumped) {
    std::error_code ignored;
    fs::remove(part, ignored);
    return passOn(dumped.error());
  }
  std::error_code error;
  fs::rename(part, file, error);
  if (error) return fail(FailureKind::Exhausted, fmt::format("{}: {}", file.string(), error.message()));
  return dumped->sha256;
}

// A failure here is a note: it never changes the verdict.
void collect(const scenario::Scenario& scenario, Experiment& experiment, Evidence& evidence, report::RunRecord& record,
             std::map<std::string, std::string>& sums) {
  const bool alive = experiment.guest() != nullptr && std::holds_alternative<guest::Alive>(experiment.seen().guest);
  const bool anyFailure = std::any_of(experiment.seen().events.begin(), experiment.seen().events.end(),
                                      [](const auto& event) { return console::isFailing(event.kind); });
  if (!anyFailure) return;  // nothing to explain
  if (!alive) {
    record.notes.push_back("the guest was gone before its registers and memory could be read");
    return;
  }
  for (const auto artefact : scenario.collect) {
    Result<void> done;
    if (artefact == scenario::Artefact::Registers) {
      done = collectRegisters(experiment, evidence);
    } else if (auto sum = collectMemory(scenario, experiment, evidence)) {
      sums["vmcore"] = *sum;
    } else {
      done = passOn(sum.error());
    }
    if (!done) record.notes.push_back(done.error().message);
    spdlog::debug("artefact collected kind={} at_ms={}",
                  artefact == scenario::Artefact::Registers ? "registers" : "vmcore", experiment.now().count());
  }
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
  const auto& places = request.places;
  const guest::RootRecipe recipe{places.guestScripts / "packages.txt", places.guestScripts / "root-files.txt",
                                 places.guestOverlay};
  auto root = stages.in("root", [&] { return guest::makeRootImage(recipe, places.cache, request.stop); });
  if (!root) {
    evidence->abandon();
    return passOn(root.error());
  }

  Experiment experiment(request.scenario, *evidence, request.stop);
  std::map<std::string, std::string> sums;
  const guest::GuestSpec spec{"client", request.scenario.nodes.at("client"), kernel->image, root->file};
  auto done = experimentInGuest(request, host, spec, experiment, stages);
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
  collect(request.scenario, experiment, *evidence, record, sums);
  experiment.finish();
  spdlog::debug("guest ended at_ms={}", experiment.now().count());
  stages.end(true, {});
  record.seen = experiment.seen();
  record.works = experiment.works();
  record.stages = stages.times();
  return finish(*evidence, request, std::move(record), experiment.domainXml(), std::move(sums));
}

}  // namespace relapse::run
