// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <exception>

#include "cli/commands.hpp"
#include "cli/options.hpp"

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
    for (const char* other :
         {"--repeat", "--until", "--clean-of", "--at-least", "--as-bisect-step", "--jobs", "--engine"})
      option->excludes(app.get_option(other));
}

constexpr const char* kNightlyHelp = R"(
Runs kernels x scenarios x variants and judges each cell against the nights before. docs/nightly.md describes the file.
A night that was interrupted is gone on with. Exit status: 0 nothing new, 1 a new failure, another bug or a changed
rate, 64 bad input, 69 the host lacks something, 125 a cell that was to have an answer has none, 130 interrupted.
)";

void addNightly(CLI::App& app, NightlyArguments& nightly) {
  app.add_option("matrix", nightly.matrix, "the matrix's file")->required();
  app.add_option("--budget", nightly.budget, "time for the night, such as 6h, in place of the matrix's");
  app.add_flag("--new", nightly.anew, "a new night, even when one is not finished");
  app.add_option("--make-jobs", nightly.makeJobs, "make's -j; one per core by default")->check(CLI::Range(1, 1024));
  addEngine(app, nightly.engine);
  app.footer(kNightlyHelp);
}

void addBuild(CLI::App& app, RunArguments& build) {
  app.add_option("scenario", build.scenarios, "scenario files, or names of `relapse list`")->required();
  addKernel(app, build);
  app.add_option("--result", build.result)->group("");
}

void addRun(CLI::App& app, RunArguments& run) {
  app.add_option("scenario", run.scenarios, "scenario files, or names of `relapse list`");
  addKernel(app, run);
  auto* repeat = app.add_option("--repeat", run.repeat, "that many runs")->check(CLI::Range(1, 1000));
  auto* until = app.add_option("--until", run.until, "K/N: runs until K of at most N did as expected, or can no more");
  auto* cleanOf = app.add_option("--clean-of", run.cleanOf,
                                 "K/N: as many clean runs as claim a fix of a bug that came in K of N runs");
  auto* atLeast = app.add_option("--at-least", run.atLeast,
                                 "P%: runs until it is decided whether so many do as expected, or half of it at most");
  for (auto* option : {until, cleanOf, atLeast}) option->excludes(repeat);
  until->excludes(cleanOf)->excludes(atLeast);
  cleanOf->excludes(atLeast);
  addEngine(app, run.engine);
  auto* asBisectStep =
      app.add_flag("--as-bisect-step", run.asBisectStep,
                   "exit status for `git bisect run`: 0 survived, 1 reproduced, 125 skip, 128 and above stop");
  asBisectStep->excludes("--jobs")->excludes("--engine");
  app.add_option("--result", run.result)->group("");  // a job's
  app.add_flag("--no-history", run.noHistory)->group("");
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

constexpr const char* kHistoryHelp = R"(
Examples:
  relapse history                                      the last 20 runs
  relapse history --scenario nfs-wb-page-soft-lockup --verdict survived --limit 0
  relapse history --signatures                         each bug: first and last seen, how often, its evidence
  relapse history --json | jq -r .id
  relapse history prune --days 14 --dry-run            what would go, and how many bytes
  relapse history check

prune removes directories of runs, and keeps their rows. Whatever it is told, the last evidence of a signature stays.
Exit status: 0, 64 bad usage, or a history that is damaged or of a newer relapse, 69 no permission, 125 the disk is full.
)";

void addHistory(CLI::App& app, HistoryArguments& history) {
  auto* signatures = app.add_flag("--signatures", history.signatures, "grouped by signature");
  app.add_flag("--nights", history.nights, "the nights")->excludes(signatures);
  app.add_option("--scenario", history.scenario, "of this scenario alone");
  app.add_option("--signature", history.signature, "with this signature alone");
  app.add_option("--verdict", history.verdict, "with this verdict alone")
      ->check(CLI::IsMember({"reproduced", "survived", "other-failure", "inconclusive"}));
  app.add_option("--night", history.night, "of this night alone");
  app.add_option("--limit", history.limit, "that many; 0: all")->check(CLI::NonNegativeNumber)->capture_default_str();
  auto* prune = app.add_subcommand("prune", "remove the directories of old runs");
  prune->add_option("--days", history.days, "runs younger than this stay")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  prune->add_option("--keep-per-signature", history.keepPerSignature, "of each signature, so many with evidence stay")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  prune->add_option("--keep-per-cell", history.keepPerCell, "of each scenario and cell, so many stay")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  prune->add_flag("--dry-run", history.dryRun, "only say what would go");
  prune->callback([&history] { history.prune = true; });
  app.add_subcommand("check", "is the file whole?")->callback([&history] { history.check = true; });
  app.require_subcommand(0, 1);
  app.footer(kHistoryHelp);
}

constexpr const char* kCompareHelp = R"(
Examples:
  relapse compare latest 20261123T000227Z-nfs-wb-page-soft-lockup
  relapse compare 20261127T010000Z-all 20261128T010000Z-all       two nights, cell by cell
  relapse compare kernel:linux-4.19.325 kernel:debian-6.1         all runs of the history on each

A and B are each a run (its directory, its name, latest), a night (its name or directory) or kernel: with a source, a
release or a build-id. Two runs are compared in what went in and what came out. Sets of runs are compared in rates
(Fisher's exact test), times to the event (log-rank) and signatures, at 5 % for all tests together (Holm).
Exit status: 0 no difference beyond chance, 1 there is one (of two runs: another verdict or signature), 64 bad input,
69 no permission.
)";

void addCompare(CLI::App& app, CompareArguments& compare) {
  app.add_option("a", compare.one, "a run, a night, or kernel:RELEASE")->required();
  app.add_option("b", compare.other, "what it is compared with")->required();
  app.footer(kCompareHelp);
}

constexpr const char* kReportHelp = R"(
Examples:
  relapse report latest                                the page of the last run again; prints where it is
  relapse report latest --format mail                  what, where, rate, how to reproduce, trace, for a mailing list
  relapse report NIGHT --format junit -o junit.xml
  relapse report runs/2026*-nfs-wb-page-soft-lockup --format ktap

A run, a night or a bisect is given by its directory, or by its name here. The rate is that of the runs beside it with the same
scenario, settings and kernel. docs/reports.md has the forms.
Exit status: 0 written, 64 bad usage or input, 125 it cannot be written. A verdict does not change it.
)";

void addReport(CLI::App& app, ReportArguments& report) {
  app.add_option("run", report.what, "directories or names of runs, of a night or a bisect; latest")->required();
  app.add_option("--format", report.format, "html (the default), junit, ktap, mail or json")
      ->check(CLI::IsMember({"html", "junit", "ktap", "mail", "json"}));
  app.add_option("-o,--output", report.output, "the file; html goes to report.html there, all else to standard output");
  app.footer(kReportHelp);
}

}  // namespace

int main(int argc, char** argv) {
  umask(umask(0) | S_IWOTH);  // nothing that it writes is for everybody to change
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
  NightlyArguments nightly;
  auto* nightlyApp = app.add_subcommand("nightly", "kernels x scenarios x variants, judged against the nights before");
  addNightly(*nightlyApp, nightly);
  BisectArguments bisect;
  auto* bisectApp = app.add_subcommand("bisect", "which patch, commit or option: right even when the bug is flaky");
  addBisect(*bisectApp, bisect);
  RunArguments build;
  auto* buildApp = app.add_subcommand("build", "the kernels of scenarios alone, into the cache");
  addBuild(*buildApp, build);
  std::vector<std::string> files;
  std::vector<std::string> sets;
  auto* validate = app.add_subcommand("validate", "check scenario files, all errors at once");
  validate->add_option("scenario", files, "scenario files, or names of `relapse list`")->required();
  validate->add_option("--set", sets, "KEY=VALUE: as in run")->allow_extra_args(false);
  auto* list = app.add_subcommand("list", "the scenarios that there are");
  auto* doctor =
      app.add_subcommand("doctor", "what this host has and lacks and killed runs have left, with what mends it");
  bool clean = false;
  doctor->add_flag("--clean", clean, "end and remove what relapses that were killed have left");
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
  HistoryArguments history;
  auto* historyApp = app.add_subcommand("history", "runs over time: list them, when a bug was seen, remove old ones");
  addHistory(*historyApp, history);
  CompareArguments compare;
  auto* compareApp = app.add_subcommand("compare", "two runs, nights or kernels: what differs beyond chance?");
  addCompare(*compareApp, compare);
  ReportArguments report;
  auto* reportApp = app.add_subcommand("report", "a run's or a night's page again, or its JUnit, KTAP, mail or JSON");
  addReport(*reportApp, report);
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
    if (nightlyApp->parsed()) return nightlyCommand(nightly, common);
    if (bisectApp->parsed()) return bisectCommand(bisect, common);
    if (buildApp->parsed()) return buildCommand(build, common);
    if (validate->parsed()) return validateCommand(files, sets);
    if (list->parsed()) return listCommand(common);
    if (doctor->parsed()) return doctorCommand(common, clean);
    if (scanApp->parsed()) return scanCommand(scan, common);
    if (decodeApp->parsed()) return decodeCommand(decode, common);
    if (inspectApp->parsed()) return inspectCommand(inspect, common);
    if (shellApp->parsed()) return shellCommand(shell, common);
    if (replayApp->parsed()) return replayCommand(replay, common);
    if (historyApp->parsed()) return historyCommand(history, common);
    if (compareApp->parsed()) return compareCommand(compare, common);
    if (reportApp->parsed()) return reportCommand(report, common);
    if (patterns->parsed()) return patternsCommand();
    if (reference->parsed()) return referenceCommand();
  } catch (const std::exception& error) {  // standard output was closed, memory ran out
    printFailure({relapse::FailureKind::Internal, error.what()});
    return kInconclusive;
  }
  return kBadInput;
}
