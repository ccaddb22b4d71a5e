// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <exception>

#include "cli/commands.hpp"

namespace {

using namespace relapse::cli;

constexpr const char* kStages = R"(
Stages: fetch, patch, build, root (the guest's file system), boot, mount, workload, watch, collect.
Exit status: 0 the expectation held, 1 it did not, 2 another failure, 64 bad usage or input,
69 the host lacks something, 125 inconclusive, 130 interrupted.
)";

constexpr const char* kRunExamples = R"(
Examples:
  relapse run                                          the default scenario, nfs-wb-page-soft-lockup
  relapse run nfs-updatepage-null-deref --kernel ~/linux-4.19
  relapse run nfs-wb-page-soft-lockup --patch fix.patch
  relapse run my.yaml --set nodes.client.cpus=4 --until 3/10
  relapse run my.yaml --vary writers=1..64,cpus=1..4,wsize=4k..64k,timing=jitter --budget 30min --minimize
)";

constexpr const char* kCampaignHelp = R"(
--vary NAME=VALUES,...: A..B is a ladder that doubles, A|B|C are values; NAME is writers, rounds, cpus, memory, clients,
version, wsize, rsize, timing (=jitter), server (=no|yes), or a key as --set takes it. The best setting's rate is that
of fresh tries, which did not choose it. Results, and the tries' runs, are in campaigns/ of the state folder.
Exit status then: 0 the bug came (--minimize: comes in what is left), 1 it did not, 125 no try came to a verdict.
)";

void addCampaign(CLI::App& app, RunArguments& run) {
  auto* vary = app.add_option("--vary", run.vary, "look for the setting at which the bug comes most often; see below");
  auto* minimize = app.add_flag("--minimize", run.minimize, "take out steps, writers and options while the bug comes");
  app.add_option("--budget", run.budget, "time for each of these two, 30min by default; a kernel's build is not in it");
  app.add_option("--write", run.write, "the file for the scenario that they find");
  app.add_option("--keep", run.keep, "which runs of theirs stay: those with the bug at the best setting, all, none")
      ->check(CLI::IsMember({"best", "all", "none"}));
  for (auto* option : {vary, minimize})
    for (const char* other : {"--repeat", "--until", "--as-bisect-step"}) option->excludes(app.get_option(other));
}

// Which kernel, and what is set from the command line.
void addKernel(CLI::App& app, RunArguments& run) {
  app.add_option("--kernel", run.kernels, "a source: a name (debian-6.1), a tree, a tarball, git:DIR#REF")
      ->allow_extra_args(false);
  auto* image = app.add_option("--image", run.image, "a kernel built already: arch/arm64/boot/Image ...");
  auto* vmlinux = app.add_option("--vmlinux", run.vmlinux, "... and its vmlinux");
  app.add_option("--modules", run.modules, "... and a folder of its modules, if it has any (*.ko)")->needs(image);
  image->needs(vmlinux)->excludes("--kernel");
  vmlinux->needs(image);
  app.add_option("--patch", run.patches, "one more patch on top of the series")
      ->allow_extra_args(false)
      ->excludes(image);
  app.add_option("--config", run.configs, "one more fragment of the kernel's configuration")
      ->allow_extra_args(false)
      ->excludes(image);
  app.add_option("--set", run.sets, "KEY=VALUE: a scenario's key, set from here")->allow_extra_args(false);
  app.add_option("--connect", run.connect, "a libvirt on this host (qemu:///system) instead of the embedded one");
  app.add_option("--make-jobs", run.jobs, "make's -j; one per core by default")->check(CLI::Range(1, 1024));
}

void addRun(CLI::App& app, RunArguments& run) {
  app.add_option("scenario", run.scenarios, "scenario files, or names of `relapse list`");
  addKernel(app, run);
  auto* repeat = app.add_option("--repeat", run.repeat, "that many runs")->check(CLI::Range(1, 1000));
  app.add_option("--until", run.until, "K/N: runs until K of at most N did as expected")->excludes(repeat);
  app.add_flag("--as-bisect-step", run.asBisectStep,
               "exit status for `git bisect run`: 0 survived, 1 reproduced, 125 skip, 128 and above stop");
  addCampaign(app, run);
  app.footer(std::string(kRunExamples) + kStages + kCampaignHelp);
}

constexpr const char* kScanHelp = R"(
Examples:
  relapse scan console.log                             one line an event
  relapse scan -v --only soft-lockup,hung-task console.log.gz
  relapse scan --json console.log | jq -r .signature
  relapse scan --summary logs/*.log.zst                which bugs, how often, in how many logs
  relapse scan --follow /var/log/guest.log             as they come; Ctrl-C ends it
  journalctl -k | relapse scan -

A log is plain, or packed with gzip, xz or zstd. docs/scan.md has the kinds and the keys of --json.
Exit status: 0 no event of a failing kind, 1 some (of the kinds of --only; marked as artefact or not),
64 bad usage, or a log that cannot be read to its end (the others are), 69 the host lacks something.
)";

void addScan(CLI::App& app, ScanArguments& scan) {
  app.add_option("log", scan.logs, "console logs; `-` is standard input")->required();
  app.add_flag("-v,--trace", scan.trace, "with their traces");
  app.add_option("--only", scan.only, "KIND,...: events of these kinds alone")->delimiter(',')->allow_extra_args(false);
  app.add_flag("--summary", scan.summary, "one line a signature, with counts and first and last time");
  app.add_flag("-f,--follow", scan.follow, "go on reading a log that grows");
  app.footer(kScanHelp);
}

constexpr const char* kDecodeHelp = R"(
Examples:
  relapse decode console.log --vmlinux vmlinux
  relapse decode console.log --vmlinux vmlinux --modules /lib/modules/6.1.0 -v --tree ~/linux
  dmesg | relapse decode - --vmlinux vmlinux

Prints the log, with the functions and lines of each frame below it. A vmlinux of another kernel is told from
the right one by build-id, release and the symbols' sizes: then nothing is decoded, and it says why.
--json has one object a frame; docs/decode.md has its keys.
Exit status: 0 every frame was decoded, 1 some were not or there was none, 64 bad usage or input,
125 standard output cannot be written.
)";

void addDecode(CLI::App& app, DecodeArguments& decode) {
  app.add_option("log", decode.log, "a console log; `-` is standard input")->required();
  app.add_option("--vmlinux", decode.vmlinux, "the kernel with its debug information")->required();
  app.add_option("--modules", decode.modules, "a folder with the modules (.ko, .ko.debug, packed or not)");
  app.add_option("--tree", decode.tree, "the kernel's source, for -v");
  app.add_flag("-v,--source", decode.source, "with the source lines");
  app.footer(kDecodeHelp);
}

constexpr const char* kInspectHelp = R"(
Examples:
  relapse inspect vmcore --vmlinux vmlinux
  relapse inspect vmcore --vmlinux vmlinux --task appender-0
  relapse inspect vmcore --vmlinux vmlinux --modules /lib/modules/6.1.0 --json

Who spins, who waits for whom, the page and its request. A vmcore is QEMU's or libvirt's dump, or a kdump (ELF or
makedumpfile's format).
Exit status: 0 inspected, 64 bad usage or input, 69 the host lacks something (drgn).
)";

void addInspect(CLI::App& app, InspectArguments& inspect) {
  app.add_option("vmcore", inspect.vmcore, "a memory dump")->required();
  app.add_option("--vmlinux", inspect.vmlinux, "the kernel with its debug information")->required();
  app.add_option("--modules", inspect.modules, "a folder with the modules and their debug information");
  app.add_option("--console", inspect.console, "the guest's console log, for the registers of a crash");
  app.add_option("--task", inspect.task, "PID or COMM: these tasks, each with its stack");
  app.footer(kInspectHelp);
}

constexpr const char* kShellHelp = R"(
Examples:
  relapse shell nfs-wb-page-soft-lockup
  relapse shell nfs-wb-page-soft-lockup --gdb --set nodes.client.cpus=4
  echo 'cat /proc/mounts' | relapse shell my.yaml --node server

The scenario's guests, booted, the export mounted on /mnt, the detectors armed, none of its steps taken; and a shell
in one of them, with `fault`, `work` and `help` at hand. Ctrl-] begins a line for the host: fault, undo, steps,
console, gdb, quit. The kernel's console goes to a file; its failing events are shown between your lines.
Without a terminal, lines of standard input are run one by one (a line of Ctrl-] is the host's), and it ends with them.
Exit status: 0 the shell ended, 1 with another status than 0, 64 bad usage or input, 69 the host lacks something,
125 the guest died or never came up, 130 interrupted.
)";

void addShell(CLI::App& app, ShellArguments& shell) {
  app.add_option("scenario", shell.scenario, "a scenario file, or a name of `relapse list`")->required();
  addKernel(app, shell.run);
  app.add_option("--node", shell.node, "whose shell it is; the first client's by default");
  app.add_flag("--gdb", shell.gdb, "open that guest's gdb port on 127.0.0.1, and say how to attach");
  app.add_flag("--stop-at-boot", shell.stopAtBoot, "--gdb, and the guest waits for the debugger to continue it");
  app.footer(kShellHelp);
}

constexpr const char* kReplayHelp = R"(
Examples:
  relapse replay latest
  relapse replay 20261123T000227Z-nfs-wb-page-soft-lockup --repeat 5
  relapse replay /mnt/usb/their-run --rebuild           from its source and patches, not from its Image

RUN is a run's directory, its bundle/, or the name of a run here. The same kernel, guests, seeds and steps, from the
bundle alone: it may come from another machine. Files that were changed since are refused.
Exit status: 0 the verdict and the signature are those of the first run, 1 they are not, 64 bad usage, or a bundle that
is incomplete or was changed, 69 the host lacks something (the source, for --rebuild), 125 inconclusive, 130 interrupted.
)";

void addReplay(CLI::App& app, ReplayArguments& replay) {
  app.add_option("run", replay.run, "a run's directory, its bundle, a run's name, or latest")->required();
  app.add_flag("--rebuild", replay.rebuild, "build its kernel again");
  app.add_option("--repeat", replay.repeat, "that many times")->check(CLI::Range(1, 1000));
  app.add_option("--connect", replay.connect, "a libvirt on this host (qemu:///system) instead of the embedded one");
  app.add_option("--make-jobs", replay.jobs, "make's -j; one per core by default")->check(CLI::Range(1, 1024));
  app.footer(kReplayHelp);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Relapse makes kernel bugs come back on demand.", "relapse");
  app.set_version_flag("--version", RELAPSE_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kStages);
  Common common;
  app.add_flag("--json", common.json, "results as JSON on standard output");
  app.add_flag("-q,--quiet", common.quiet, "no stages");
  app.add_flag("--verbose", common.verbose, "what relapse does, on standard error");
  app.add_option("--state-dir", common.stateDir, "keep caches and runs here");

  RunArguments run;
  auto* runApp = app.add_subcommand("run", "build, boot, work, watch, judge: one verdict for each scenario");
  addRun(*runApp, run);
  std::vector<std::string> files;
  std::vector<std::string> sets;
  auto* validate = app.add_subcommand("validate", "check scenario files, all errors at once");
  validate->add_option("scenario", files, "scenario files, or names of `relapse list`")->required();
  validate->add_option("--set", sets, "KEY=VALUE: as in run")->allow_extra_args(false);
  auto* list = app.add_subcommand("list", "the scenarios that there are");
  auto* doctor = app.add_subcommand("doctor", "what this host has and lacks, with the commands that mend it");
  ScanArguments scan;
  auto* scanApp = app.add_subcommand("scan", "events of console logs; `-` is standard input");
  addScan(*scanApp, scan);
  DecodeArguments decode;
  auto* decodeApp = app.add_subcommand("decode", "a log with its traces decoded to functions and lines");
  addDecode(*decodeApp, decode);
  InspectArguments inspect;
  auto* inspectApp = app.add_subcommand("inspect", "a memory dump: who spins, who waits, the page and its request");
  addInspect(*inspectApp, inspect);
  ShellArguments shell;
  auto* shellApp = app.add_subcommand("shell", "the same guests, with a prompt, the faults at hand and a gdb port");
  addShell(*shellApp, shell);
  ReplayArguments replay;
  auto* replayApp = app.add_subcommand("replay", "the same run again, from its bundle: what differs?");
  addReplay(*replayApp, replay);
  auto* patterns = app.add_subcommand("patterns", "what begins an event, as regular expressions (grep -E)")->group("");
  auto* reference = app.add_subcommand("reference", "the scenario reference as Markdown")->group("");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadInput;
  }
  spdlog::set_default_logger(spdlog::stderr_color_mt("relapse"));
  spdlog::set_level(common.verbose ? spdlog::level::debug : spdlog::level::warn);
  try {
    if (runApp->parsed()) return runCommand(run, common);
    if (validate->parsed()) return validateCommand(files, sets);
    if (list->parsed()) return listCommand(common);
    if (doctor->parsed()) return doctorCommand(common);
    if (scanApp->parsed()) return scanCommand(scan, common);
    if (decodeApp->parsed()) return decodeCommand(decode, common);
    if (inspectApp->parsed()) return inspectCommand(inspect, common);
    if (shellApp->parsed()) return shellCommand(shell, common);
    if (replayApp->parsed()) return replayCommand(replay, common);
    if (patterns->parsed()) return patternsCommand();
    if (reference->parsed()) return referenceCommand();
  } catch (const std::exception& error) {  // standard output was closed, memory ran out
    printFailure({relapse::FailureKind::Internal, error.what()});
    return kInconclusive;
  }
  return kBadInput;
}
