// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/options.hpp"

namespace relapse::cli {
namespace {

constexpr const char* kHelp = R"(
Examples:
  relapse bisect nfs-wb-page-soft-lockup --series patches/ --kernel debian-6.1 --subset
  relapse bisect nfs-wb-page-soft-lockup --git ~/linux --good v4.19.90 --bad v4.19.325
  relapse bisect nfs-wb-page-soft-lockup --git ~/linux --good v5.2 --bad v5.17 --fixed-by
  relapse bisect my.yaml --config good.config bad.config
  relapse bisect status;  relapse bisect --resume;  relapse bisect --replay bisect.log

--series takes a folder with a quilt `series` or of *.patch (git format-patch), or the mbox of a mailing list's thread. It
takes the place of the scenario's own series, and so do the commits of --git; --patch puts one on all kernels.

+Both ends are tried first. Only the scenario's bug (or --signature) is bad; another failure is none of it, a kernel
that does not build is skipped. The rate at the bad end says what a clean try is worth, and each next try is the one
that is expected to tell most for its time. The culprit is then taken from the bad end, and put on the good one.
With --fixed-by the old end (--good) has the bug, the new one (--bad) has it no more, and the fix is looked for.

All is in bisects/ of the state folder; --resume goes on after any end. docs/bisect.md has more.
Exit status: 0 found, 1 an end is not what it should be, 64 bad usage or input, 69 the host lacks something,
125 not decided, 130 interrupted.
)";

}  // namespace

void addBisect(CLI::App& app, BisectArguments& bisect) {
  app.add_option("scenario", bisect.scenario, "a scenario file, or a name of `relapse list`")->type_name("SCENARIO");
  auto* series = app.add_option("--series", bisect.series, "patches in their order; see below")->type_name("PATH");
  auto* git = app.add_option("--git", bisect.git, "a kernel's git tree; it is only read")->type_name("DIR");
  auto* config =
      app.add_option("--config", bisect.config, "two fragments of the kernel's configuration")->type_name("FILE");
  config->check(CLI::ExistingFile)->expected(2);
  series->excludes(git)->excludes(config);
  git->excludes(config);
  app.add_option("--good", bisect.good, "the good end: a ref; of a series a patch, by name or number, or none")
      ->type_name("END")
      ->excludes(config);
  app.add_option("--bad", bisect.bad, "the bad end, likewise (default: the whole series)")
      ->type_name("END")
      ->excludes(config);
  app.add_flag("--first-parent", bisect.firstParent, "what was merged is one candidate, its merge")
      ->group("+More")
      ->needs(git);
  app.add_option("--kernel", bisect.run.kernels, "the source under a series or a configuration")
      ->type_name("SOURCE")
      ->expected(1)
      ->excludes(git);
  app.add_option("--patch", bisect.run.patches, "one more patch, on all kernels")
      ->type_name("FILE")
      ->check(CLI::ExistingFile)
      ->group("+More")
      ->allow_extra_args(false);
  app.add_option("--set", bisect.run.sets, "a scenario's key, set from here")
      ->type_name("KEY=VALUE")
      ->group("+More")
      ->allow_extra_args(false);
  app.add_option("--signature", bisect.signature, "the bug, as `relapse history` has it; auto: that of the bad end")
      ->type_name("SIGNATURE");
  auto* subset = app.add_flag("--subset", bisect.subset, "then: the smallest set of patches that brings it");
  app.add_flag("--fixed-by", bisect.fixedBy, "look for what took it away")->excludes(subset);
  subset->excludes(git);
  app.add_option("--confidence", bisect.confidence, "how sure it has to be")
      ->type_name("P%")
      ->group("+More")
      ->capture_default_str();
  addMakeJobs(app, bisect.run.makeJobs);
  addEngine(app, bisect.run.engine);
  auto* resume =
      app.add_option("--resume", bisect.resume, "go on with a bisect, by default the latest that is not over");
  resume->type_name("NAME")->expected(0, 1)->default_str("");
  auto* replay =
      app.add_option("--replay", bisect.replay, "tell a log's story again, and what it comes to")->type_name("FILE");
  replay->group("+More")->excludes(resume);
  for (auto* option : {series, git, config}) option->excludes(resume)->excludes(replay);
  auto* status = app.add_subcommand("status", "where a bisect is: what was tried, what is believed");
  status->add_option("name", bisect.statusOf, "which; the latest by default")->type_name("NAME");
  status->callback([&bisect] { bisect.status = true; });
  app.require_subcommand(0, 1);
  app.footer(kHelp);
}

}  // namespace relapse::cli
