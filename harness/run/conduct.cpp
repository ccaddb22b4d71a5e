// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/conduct.hpp"

#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "report/json.hpp"
#include "report/run_page.hpp"
#include "run/bundle.hpp"
#include "run/collection.hpp"
#include "run/evidence.hpp"
#include "run/experiment.hpp"
#include "run/explanation.hpp"
#include "run/faults.hpp"
#include "run/guests.hpp"
#include "run/kernels.hpp"
#include "run/nfs_setup.hpp"
#include "run/probing.hpp"
#include "run/protocol.hpp"
#include "run/stages.hpp"
#include "run/steps.hpp"
#include "verdict/judge.hpp"
#include "version/version.hpp"

namespace relapse::run {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

Result<void> experimentInGuests(const RunRequest& request, guest::GuestHost& host, const Guests& guests,
                                const ProbesByNode& probes, Experiment& experiment, Evidence& evidence, Stages& stages,
                                report::RunRecord& record) {
  const auto& scenario = request.scenario;
  if (auto done = stages.in("boot", [&] { return experiment.boot(host, guests.specs); }); !done) return done;
  Faults faults(scenario, experiment, host);
  const auto prepare = [&]() -> Result<void> {
    if (auto done = openEyes(scenario, experiment); !done) return done;
    if (auto done = setUpNfs(scenario, experiment); !done) return done;
    if (auto done = faults.check(); !done) return done;
    if (auto done = setUpProbes(probes, experiment, evidence); !done) return done;
    if (auto done = faults.takeThatOfTheExport(); !done) return done;
    if (auto done = learnPlaces(experiment); !done) record.notes.push_back(done.error().message);
    return {};
  };
  if (auto done = stages.in("mount", prepare); !done) return done;
  const auto until = Experiment::Clock::now() + scenario.deadlines.reproduce;
  if (auto done = stages.in("workload", [&] { return takeSteps(scenario, experiment, faults, until); }); !done)
    return done;
  return stages.in("watch", [&]() -> Result<void> {
    if (auto done = watch(scenario, experiment, faults, until); !done) return done;
    return proveHealth(scenario, experiment, faults);
  });
}

report::RunRecord newRecord(const RunRequest& request) {
  report::RunRecord record;
  record.startedAt = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  record.relapseVersion = version::mark();
  record.scenario = request.scenario;
  record.overrides = request.overrides;
  record.notes = request.notes;
  return record;
}

// Nothing was tried then that a verdict could be about.
bool endsWithoutRecord(const Failure& failure) {
  return failure.kind == FailureKind::BadInput || failure.kind == FailureKind::HostLacks ||
         failure.kind == FailureKind::Cancelled;
}

// report.html, from what the directory holds by then.
Result<void> writePage(Evidence& evidence) {
  const auto files = report::readRun(evidence.folder());
  if (!files) return passOn(files.error());
  return evidence.write("report.html", report::runPage(*files));
}

Result<report::RunRecord> finish(Evidence& evidence, const RunRequest& request, report::RunRecord record,
                                 const BundleParts& parts, std::map<std::string, std::string> sums) {
  record.verdict = verdict::judge(record.scenario.expect, record.seen);
  if (auto closed = evidence.closeLogs(); !closed) return passOn(closed.error());
  if (!record.kernel.image.empty()) {
    auto bundled = writeBundle(evidence.folder(), request, record, parts);
    if (bundled) sums.merge(*bundled);
    if (!bundled) record.notes.push_back(bundled.error().message);
  }
  record.artefacts = evidence.files(sums);
  if (auto done = evidence.write("result.json", report::resultJson(record)); !done) return passOn(done.error());
  if (auto paged = writePage(evidence); !paged) {
    record.notes.push_back("report.html: " + paged.error().message);
    if (auto done = evidence.write("result.json", report::resultJson(record)); !done) return passOn(done.error());
  }
  auto kept = evidence.keep();
  if (!kept) return passOn(kept.error());
  record.directory = *kept;
  return record;
}

BundleParts partsOf(const Guests& guests, const Experiment& experiment) {
  BundleParts parts;
  for (const auto& spec : guests.specs) parts.archives[spec.node] = spec.archives;
  for (const auto& [name, node] : experiment.nodes()) parts.domainXml[name] = node.domainXml();
  return parts;
}

void takeOver(const Experiment& experiment, report::RunRecord& record) {
  record.works = experiment.works();
  record.stalls = experiment.stalls();
  record.timeline = experiment.timeline();
  for (const auto& [name, node] : experiment.nodes()) record.nodes[name] = node.record();
}

}  // namespace

Result<report::RunRecord> conduct(const RunRequest& request, guest::GuestHost& host, const Observer& observer) {
  Stages stages(observer);
  report::RunRecord record = newRecord(request);
  const auto kernels = obtainKernels(request, stages, record);
  if (!kernels && endsWithoutRecord(kernels.error())) return passOn(kernels.error());
  auto evidence = Evidence::begin(request.places.state, request.scenario.name);
  if (!evidence) return passOn(evidence.error());
  record.id = evidence->id();
  if (!kernels) {
    record.seen.infrastructure = kernels.error().message;
    record.stages = stages.times();
    return finish(*evidence, request, std::move(record), {}, {});
  }
  auto probes = lookUpProbes(request.scenario, record);
  if (!probes) {
    evidence->abandon();
    return passOn(probes.error());
  }
  auto guests = stages.in("root", [&] { return prepareGuests(request, record, record.id); });
  if (!guests) {
    evidence->abandon();
    return passOn(guests.error());
  }

  Experiment experiment(request.scenario, *evidence, request.stop);
  auto done = experimentInGuests(request, host, *guests, *probes, experiment, *evidence, stages, record);
  if (!done && endsWithoutRecord(done.error())) {
    experiment.finish();
    evidence->abandon();
    return passOn(done.error());
  }
  if (!done) experiment.seen().infrastructure = done.error().message;
  if (!done && !done.error().advice.empty()) record.notes.push_back("try: " + done.error().advice);
  stages.begin("collect");
  record.toolVersions = experiment.toolVersions();
  for (auto& note : unhitProbes(*probes, experiment)) record.notes.push_back(std::move(note));
  record.notes.insert(record.notes.end(), experiment.complaints().begin(), experiment.complaints().end());
  spdlog::debug("collecting at_ms={}", experiment.now().count());
  const auto collected = collect(request.scenario, experiment, *evidence, request.stop);
  record.failingNode = experiment.failingNode().name();
  record.notes.insert(record.notes.end(), collected.notes.begin(), collected.notes.end());
  experiment.finish();
  spdlog::debug("guests ended at_ms={}", experiment.now().count());
  record.seen = experiment.seen();
  takeOver(experiment, record);
  stages.begin("explain");
  auto sums = explain(request, collected, experiment, *evidence, record);
  stages.end(true, {});
  record.stages = stages.times();
  return finish(*evidence, request, std::move(record), partsOf(*guests, experiment), std::move(sums));
}

}  // namespace relapse::run
