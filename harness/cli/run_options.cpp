// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/options.hpp"

namespace relapse::cli {
namespace {

constexpr const char* kRunHelp = R"(
Examples:
  relapse run                                   the default scenario, nfs-wb-page-soft-lockup
  relapse run nfs-updatepage-null-deref --kernel ~/linux-4.19
  relapse run nfs-wb-page-soft-lockup --patch fix.patch
  relapse run my.yaml --set nodes.client.cpus=4 --until 3/10
  relapse run my.yaml --vary writers=1..64,timing=jitter --budget 30min --minimize

Stages: fetch, patch, build, root (the guest's file system), boot, mount, workload, watch, collect.

+--vary NAME=VALUES,...: A..B is a ladder that doubles, A|B|C are values; NAME is writers, rounds, cpus, memory, clients,
version, wsize, rsize, timing (=jitter), server (=no|yes), or a key as --set takes it. The best setting's rate is that
of fresh tries, which did not choose it. Results, and the tries' runs, are in campaigns/ of the state folder.

Exit status: 0 the expectation held, 1 it did not, 2 another failure, 64 bad usage or input, 69 the host lacks
something, 125 inconclusive, 130 interrupted.

+Exit status of --vary and --minimize: 0 the bug came (--minimize: comes in what is left), 1 it did not, 125 no try came to
a verdict.
)";

constexpr const char* kNightlyHelp = R"(
Examples:
  relapse nightly matrix.yaml
  relapse nightly matrix.yaml --engine slurm --budget 6h

Runs kernels x scenarios x variants and judges each cell against the nights before. docs/nightly.md describes the file.
A night that was interrupted is gone on with.

Exit status: 0 nothing new, 1 a new failure, another bug or a changed rate, 64 bad input, 69 the host lacks something,
125 a cell that was to have an answer has none, 130 interrupted.
)";

constexpr const char* kBuildHelp = R"(
Examples:
  relapse build nfs-wb-page-soft-lockup --kernel ~/linux

Exit status: 0 built, or in the cache, 64 bad usage or input, 69 the host lacks something, 125 it cannot be built,
130 interrupted.
)";

constexpr const char* kOften = "How often";

void addRepeats(CLI::App& app, RunArguments& run) {
  auto* repeat = app.add_option("--repeat", run.repeat, "that many runs")
                     ->type_name("N")
                     ->check(CLI::Range(1, 1000))
                     ->group(kOften);
  auto* until = app.add_option("--until", run.until, "until K of at most N did as expected, or can no more");
  auto* cleanOf =
      app.add_option("--clean-of", run.cleanOf, "as many clean runs as claim a fix of a bug that came in K of N");
  auto* atLeast = app.add_option("--at-least", run.atLeast,
                                 "until it is decided whether so many do as expected, or half of it at most");
  for (auto* option : {until, cleanOf}) option->type_name("K/N");
  atLeast->type_name("P%");
  for (auto* option : {until, cleanOf, atLeast}) option->group(kOften)->excludes(repeat);
  until->excludes(cleanOf)->excludes(atLeast);
  cleanOf->excludes(atLeast);
}

void addCampaign(CLI::App& app, RunArguments& run) {
  constexpr const char* kRarer = "+More of --vary and --minimize";
  auto* vary = app.add_option("--vary", run.vary, "look for the setting at which the bug comes most often")
                   ->type_name("NAME=VALUES,...");
  auto* minimize = app.add_flag("--minimize", run.minimize, "take out steps, writers and options while the bug comes");
  app.add_option("--budget", run.budget, "time for each of these two, 30min by default; a kernel's build is not in it")
      ->type_name("TIME")
      ->group(kRarer);
  app.add_option("--write", run.write, "the file for the scenario that they find")->type_name("FILE")->group(kRarer);
  app.add_option("--keep", run.keep, "which runs of theirs stay: those with the bug at the best setting, all, none")
      ->type_name("WHICH")
      ->check(CLI::IsMember({"best", "all", "none"}))
      ->group(kRarer);
  for (auto* option : {vary, minimize}) {
    option->group(kOften);
    for (const char* other :
         {"--repeat", "--until", "--clean-of", "--at-least", "--as-bisect-step", "--jobs", "--engine"})
      option->excludes(app.get_option(other));
  }
}

}  // namespace

void addRun(CLI::App& app, RunArguments& run) {
  app.add_option("scenario", run.scenarios, "scenario files, or names of `relapse list`")->type_name("SCENARIO");
  addKernel(app, run);
  addRepeats(app, run);
  addEngine(app, run.engine);
  auto* asBisectStep =
      app.add_flag("--as-bisect-step", run.asBisectStep,
                   "exit status for `git bisect run`: 0 survived, 1 reproduced, 125 skip, 128 and above stop");
  asBisectStep->group("+More")->excludes("--jobs")->excludes("--engine");
  app.add_option("--result", run.result)->group("");  // a job's
  app.add_flag("--no-history", run.noHistory)->group("");
  addCampaign(app, run);
  app.footer(kRunHelp);
}

void addBuild(CLI::App& app, RunArguments& build) {
  app.add_option("scenario", build.scenarios, "scenario files, or names of `relapse list`")
      ->type_name("SCENARIO")
      ->required();
  addKernel(app, build);
  app.add_option("--result", build.result)->group("");
  app.footer(kBuildHelp);
}

void addNightly(CLI::App& app, NightlyArguments& nightly) {
  app.add_option("matrix", nightly.matrix, "the matrix's file")->type_name("FILE")->required();
  app.add_option("--budget", nightly.budget, "time for the night, such as 6h, in place of the matrix's")
      ->type_name("TIME");
  app.add_flag("--new", nightly.anew, "a new night, even when one is not finished");
  addMakeJobs(app, nightly.makeJobs);
  addEngine(app, nightly.engine);
  app.footer(kNightlyHelp);
}

}  // namespace relapse::cli
