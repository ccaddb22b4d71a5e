// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/options.hpp"

namespace relapse::cli {
namespace {

constexpr const char* kHelp = R"(
Examples:
  relapse doctor                                   what is missing here?
  relapse list
  relapse run nfs-wb-page-soft-lockup --kernel debian-6.1
  relapse report latest

Stages: fetch, patch, build, root (the guest's file system), boot, mount, workload, watch, collect.
Exit status: 0 the expectation held, 1 it did not, 2 another failure, 64 bad usage or input, 69 the host lacks
something, 125 inconclusive, 130 interrupted.
)";

constexpr const char* kValidateHelp = R"(
Examples:
  relapse validate my.yaml
  relapse validate nfs-wb-page-soft-lockup --set nodes.client.cpus=4

Exit status: 0 all are valid, 64 one is not, or cannot be read.
)";

constexpr const char* kListHelp = R"(
Examples:
  relapse list
  relapse list --json | jq -r .[].file

Each line has a name, the event that is expected (or survived), and a summary.
Exit status: 0, 64 one of the files is not valid.
)";

constexpr const char* kDoctorHelp = R"(
Examples:
  relapse doctor
  relapse doctor --clean
  relapse doctor --json | jq -r '.[] | select(.good | not).mend'

Exit status: 0 nothing is missing, 69 something is.
)";

constexpr const char* kManualHelp = R"(
Examples:
  relapse manual run | man -l -
  relapse manual --write man1                          all pages, one file each
)";

constexpr const char* kCompletionHelp = R"(
Examples:
  source <(relapse completion bash)                for this shell; once installed it is in place
  relapse completion fish > ~/.config/fish/completions/relapse.fish
)";

void addCommon(CLI::App& app, Common& common) {
  app.add_flag("--json", common.json, "results as JSON on standard output");
  app.add_flag("-q,--quiet", common.quiet, "no stages");
  app.add_flag("--verbose", common.verbose, "what relapse does, on standard error");
  app.add_option("--state-dir", common.stateDir, "keep caches and runs here")->type_name("DIR");
}

void addMade(CLI::App& app, MadeArguments& made) {
  auto* manual = app.add_subcommand("manual", "a man page, made from what --help is made from")->group("");
  auto* of = manual->add_option("command", made.command, "whose page; relapse's own by default")->type_name("COMMAND");
  manual->add_option("--write", made.folder, "all pages, as files of this folder")->type_name("DIR")->excludes(of);
  manual->footer(kManualHelp);
  auto* completion = app.add_subcommand("completion", "the completion of a shell, on standard output")->group("");
  completion->add_option("shell", made.shell, "bash, zsh or fish")
      ->type_name("SHELL")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer(kCompletionHelp);
  app.add_subcommand("words", "what a shell offers for a word: one a line, a tab, its meaning")
      ->group("")
      ->add_option("kind", made.kind, "scenario, run, kernel, event or command")
      ->type_name("KIND")
      ->required()
      ->check(CLI::IsMember({"scenario", "run", "kernel", "event", "command"}));
  app.add_subcommand("patterns", "what begins an event, as regular expressions (grep -E)")->group("");
  app.add_subcommand("reference", "the scenario reference as Markdown")->group("");
}

}  // namespace

void addMakeJobs(CLI::App& app, int& jobs) {
  app.add_option("--make-jobs", jobs, "make's -j; one per core by default")
      ->type_name("N")
      ->check(CLI::Range(1, 1024))
      ->group("+More");
}

void addConnect(CLI::App& app, std::string& connect) {
  app.add_option("--connect", connect, "a libvirt on this host (qemu:///system) instead of the embedded one")
      ->type_name("URI")
      ->group("+More");
}

void addKernel(CLI::App& app, RunArguments& run) {
  constexpr const char* kRarer = "+More of the kernel";
  auto* kernel = app.add_option("--kernel", run.kernels, "a name (debian-6.1), a tree, a tarball, git:DIR#REF")
                     ->type_name("SOURCE")
                     ->allow_extra_args(false);
  auto* image = app.add_option("--image", run.image, "a kernel built already: arch/arm64/boot/Image ...");
  auto* vmlinux = app.add_option("--vmlinux", run.vmlinux, "... and its vmlinux");
  for (auto* file : {image, vmlinux}) file->check(CLI::ExistingFile);
  image->type_name("FILE")->group(kRarer)->needs(vmlinux)->excludes(kernel);
  vmlinux->type_name("FILE")->group(kRarer)->needs(image);
  app.add_option("--modules", run.modules, "... and a folder of its modules, if it has any (*.ko)")
      ->type_name("DIR")
      ->group(kRarer)
      ->needs(image);
  app.add_flag("--no-series", run.noSeries, "without the scenario's own series of patches")
      ->group(kRarer)
      ->excludes(image);
  app.add_option("--patch", run.patches, "one more patch on top of the series")
      ->type_name("FILE")
      ->check(CLI::ExistingFile)
      ->allow_extra_args(false)
      ->excludes(image);
  app.add_option("--config", run.configs, "one more fragment of the kernel's configuration")
      ->type_name("FILE")
      ->check(CLI::ExistingFile)
      ->group(kRarer)
      ->allow_extra_args(false)
      ->excludes(image);
  app.add_option("--set", run.sets, "a scenario's key, set from here")->type_name("KEY=VALUE")->allow_extra_args(false);
  addConnect(app, run.connect);
  addMakeJobs(app, run.makeJobs);
}

void addEngine(CLI::App& app, EngineArguments& engine) {
  app.add_option("--jobs", engine.jobs, "guests side by side; as many as fit on this host by default")
      ->type_name("N")
      ->check(CLI::Range(1, 10000));
  app.add_option("--engine", engine.engine, "where runs go: local, or slurm")
      ->type_name("NAME")
      ->check(CLI::IsMember({"local", "slurm"}));
  app.add_option("--partition", engine.partition, "of Slurm")->type_name("NAME")->group("+Slurm");
  app.add_option("--slurm-option", engine.slurmOptions, "one more for sbatch, such as --account=kernel")
      ->type_name("OPTION")
      ->group("+Slurm")
      ->allow_extra_args(false);
}

void describe(CLI::App& app, Arguments& arguments) {
  app.description("Relapse makes kernel bugs come back on demand.");
  app.name("relapse");
  app.set_help_flag("-h,--help", "this help");
  app.set_help_all_flag("--help-all", "with the rarer options; `relapse --help-all`: of all commands");
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kHelp);
  addCommon(app, arguments.common);
  app.set_version_flag(
      "--version", [&common = arguments.common] { return versionText(common.verbose); },
      "version, commit, build; with --verbose of the programs that it runs, too");
  addRun(*app.add_subcommand("run", "build, boot, work, watch, judge: one verdict for each scenario"), arguments.run);
  addNightly(*app.add_subcommand("nightly", "kernels x scenarios x variants, judged against the nights before"),
             arguments.nightly);
  addBisect(*app.add_subcommand("bisect", "which patch, commit or option: right even when the bug is flaky"),
            arguments.bisect);
  addBuild(*app.add_subcommand("build", "the kernels of scenarios alone, into the cache"), arguments.build);
  auto* validate = app.add_subcommand("validate", "check scenario files, all errors at once");
  validate->add_option("scenario", arguments.files, "scenario files, or names of `relapse list`")
      ->type_name("SCENARIO")
      ->required();
  validate->add_option("--set", arguments.sets, "a scenario's key, set from here")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  validate->footer(kValidateHelp);
  app.add_subcommand("list", "the scenarios that there are")->footer(kListHelp);
  auto* doctor =
      app.add_subcommand("doctor", "what this host has and lacks and killed runs have left, with what mends it");
  doctor->add_flag("--clean", arguments.clean, "end and remove what relapses that were killed have left");
  doctor->footer(kDoctorHelp);
  addScan(*app.add_subcommand("scan", "events of console logs; `-` is standard input"), arguments.scan);
  addDecode(*app.add_subcommand("decode", "a log with its traces decoded to functions and lines"), arguments.decode);
  addInspect(*app.add_subcommand("inspect", "a memory dump: who spins, who waits, the page and its request"),
             arguments.inspect);
  addShell(*app.add_subcommand("shell", "the same guests, with a prompt, the faults at hand and a gdb port"),
           arguments.shell);
  addReplay(*app.add_subcommand("replay", "the same run again, from its bundle: what differs?"), arguments.replay);
  addHistory(*app.add_subcommand("history", "runs over time: list them, when a bug was seen, remove old ones"),
             arguments.history);
  addCompare(*app.add_subcommand("compare", "two runs, nights or kernels: what differs beyond chance?"),
             arguments.compare);
  addReport(*app.add_subcommand("report", "a run's or a night's page again, or its JUnit, KTAP, mail or JSON"),
            arguments.report);
  addMade(app, arguments.made);
}

}  // namespace relapse::cli
