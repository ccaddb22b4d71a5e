// SPDX-License-Identifier: GPL-2.0-or-later
#include <unistd.h>

#include <cstdio>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/found_run.hpp"
#include "cli/host_session.hpp"
#include "cli/places.hpp"
#include "cli/replay_text.hpp"
#include "report/json.hpp"
#include "report/terminal.hpp"
#include "run/bundle.hpp"
#include "run/conduct.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;

std::string kernelOf(const kernel::KernelImage& image) {
  return fmt::format("{} build-id {} sha256 {}", image.release, image.buildId, image.imageSha256.substr(0, 16));
}

ReplayedRun besideFirst(const run::Outcome& original, const run::Bundle& bundle, const report::RunRecord& record) {
  ReplayedRun replayed{original, run::outcomeOf(record), {}};
  replayed.comparison = run::compare(replayed.first, replayed.now);
  const std::string first = bundle.request.kernel ? kernelOf(*bundle.request.kernel) : "none";
  const std::string now = kernelOf(record.kernel);
  if (first != now) replayed.comparison.differences.push_back({"kernel", first, now});
  return replayed;
}

void print(const run::Bundle& bundle, const report::RunRecord& record, const Common& common) {
  if (common.json) {
    const std::string result = report::resultJson(record);
    fmt::print("{}", bundle.first ? replayJson(result, besideFirst(*bundle.first, bundle, record)) : result);
  } else {
    fmt::print("\n{}", report::summary(record, colourOn(STDOUT_FILENO)));
    if (bundle.first) fmt::print("{}", replayText(besideFirst(*bundle.first, bundle, record)));
  }
  (void)std::fflush(stdout);
}

int statusOf(const run::Bundle& bundle, const report::RunRecord& record) {
  if (!bundle.first || std::holds_alternative<verdict::Inconclusive>(record.verdict)) return kInconclusive;
  return run::compare(*bundle.first, run::outcomeOf(record)).same ? 0 : 1;
}

Result<run::RunRequest> requestFor(const run::Bundle& bundle, const ReplayArguments& arguments) {
  if (arguments.rebuild) return run::rebuildRequest(bundle);
  return bundle.request;
}

// What the kernel was made of is as the bundle has it; when that is refused now, the world has changed.
Failure explained(Failure failure, const ReplayArguments& arguments) {
  if (!arguments.rebuild || failure.kind != FailureKind::BadInput) return failure;
  return {FailureKind::HostLacks, "the kernel cannot be built again: " + failure.message,
          failure.advice.empty() ? "replay without --rebuild" : failure.advice};
}

int replayRepeatedly(const run::Bundle& bundle, const run::RunRequest& request, guest::GuestHost& host,
                     const ReplayArguments& arguments, const Common& common) {
  int status = 0;
  int same = 0;
  int tries = 0;
  while (tries < arguments.repeat && !request.stop.stop_requested()) {
    ++tries;
    Display display(isatty(STDERR_FILENO) == 1, common.quiet, colourOn(STDERR_FILENO));
    auto record = run::conduct(request, host, [&](const run::StageUpdate& update) { display.show(update); });
    if (!record) {
      const Failure failure = explained(record.error(), arguments);
      printFailure(failure);
      return exitStatusOf(failure.kind);
    }
    print(bundle, *record, common);
    const int now = statusOf(bundle, *record);
    if (now == 0) ++same;
    if (now != 0) status = now;
  }
  if (arguments.repeat > 1 && !common.json)
    fmt::print("\n{} of {} replays gave the first run's verdict and signature\n", same, tries);
  return status;
}

int failed(const Failure& failure) {
  printFailure(failure);
  return exitStatusOf(failure.kind);
}

}  // namespace

int replayCommand(const ReplayArguments& arguments, const Common& common) {
  const auto where = places(common.stateDir);
  auto folder = findKept(arguments.run, where.state, {"runs"}, "a run's directory, its bundle, the name of a run");
  if (!folder) return failed(folder.error());
  auto bundle = run::openBundle(*folder);
  if (!bundle) return failed(bundle.error());
  auto request = requestFor(*bundle, arguments);
  if (!request) return failed(request.error());
  auto session = HostSession::open(arguments.connect, where.cache);
  if (!session) return failed(session.error());
  const auto& first = bundle->first;
  request->notes.push_back(fmt::format("a replay of {}", first ? first->id : bundle->folder.string()));
  if (arguments.rebuild) request->notes.push_back("its kernel was built again from its source");
  if (request->archives.empty() && !bundle->request.archives.empty())
    request->notes.push_back("the guests' root is made anew: the modules in it belong to the kernel's build");
  request->notes.insert(request->notes.end(), bundle->notes.begin(), bundle->notes.end());
  request->jobs = arguments.jobs;
  request->places = where;
  request->scratch = (*session)->root();
  request->stop = (*session)->stop();
  return replayRepeatedly(*bundle, *request, (*session)->host(), arguments, common);
}

}  // namespace relapse::cli
