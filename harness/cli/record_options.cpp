// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/options.hpp"

namespace relapse::cli {
namespace {

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

constexpr const char* kReplayHelp = R"(
Examples:
  relapse replay latest
  relapse replay 20261123T000227Z-nfs-wb-page-soft-lockup --repeat 5
  relapse replay /mnt/usb/their-run --rebuild        from its source and patches, not from its Image

RUN is a run's directory, its bundle/, or the name of a run here. The same kernel, guests, seeds and steps, from the
bundle alone: it may come from another machine. Files that were changed since are refused.
Exit status: 0 the verdict and the signature are those of the first run, 1 they are not, 64 bad usage, or a bundle that
is incomplete or was changed, 69 the host lacks something (the source, for --rebuild), 125 inconclusive, 130 interrupted.
)";

constexpr const char* kHistoryHelp = R"(
Examples:
  relapse history                                      the last 20 runs
  relapse history --scenario nfs-wb-page-soft-lockup --verdict survived --limit 0
  relapse history --signatures                     each bug: first and last seen, how often
  relapse history --json | jq -r .id
  relapse history prune --days 14 --dry-run            what would go, and how many bytes
  relapse history check

prune removes directories of runs, and keeps their rows. Whatever it is told, the last evidence of a signature stays.
Exit status: 0, 64 bad usage, or a history that is damaged or of a newer relapse, 69 no permission, 125 the disk is full.
)";

constexpr const char* kCompareHelp = R"(
Examples:
  relapse compare latest 20261123T000227Z-nfs-wb-page-soft-lockup
  relapse compare 20261127T010000Z-all 20261128T010000Z-all       two nights, cell by cell
  relapse compare kernel:linux-4.19.325 kernel:debian-6.1         all runs of the history on each

Each of the two is a run (its directory, its name, latest), a night (its name or directory) or kernel: with a source, a
release or a build-id. Two runs are compared in what went in and what came out. Sets of runs are compared in rates
(Fisher's exact test), times to the event (log-rank) and signatures, at 5 % for all tests together (Holm).
Exit status: 0 no difference beyond chance, 1 there is one (of two runs: another verdict or signature), 64 bad input,
69 no permission.
)";

constexpr const char* kReportHelp = R"(
Examples:
  relapse report latest                            the page of the last run again
  relapse report latest --format mail              what, where, rate, how to reproduce, trace
  relapse report NIGHT --format junit -o junit.xml
  relapse report runs/2026*-nfs-wb-page-soft-lockup --format ktap

A run, a night or a bisect is given by its directory, or by its name here. The rate is that of the runs beside it with the same
scenario, settings and kernel. docs/reports.md has the forms.
Exit status: 0 written, 64 bad usage or input, 125 it cannot be written. A verdict does not change it.
)";

}  // namespace

void addShell(CLI::App& app, ShellArguments& shell) {
  app.add_option("scenario", shell.scenario, "a scenario file, or a name of `relapse list`")
      ->type_name("SCENARIO")
      ->required();
  addKernel(app, shell.run);
  app.add_option("--node", shell.node, "whose shell it is; the first client's by default")->type_name("NODE");
  app.add_flag("--gdb", shell.gdb, "open that guest's gdb port on 127.0.0.1, and say how to attach");
  app.add_flag("--stop-at-boot", shell.stopAtBoot, "--gdb, and the guest waits for the debugger to continue it");
  app.footer(kShellHelp);
}

void addReplay(CLI::App& app, ReplayArguments& replay) {
  app.add_option("run", replay.run, "a run's directory, its bundle, a run's name, or latest")
      ->type_name("RUN")
      ->required();
  app.add_flag("--rebuild", replay.rebuild, "build its kernel again");
  app.add_option("--repeat", replay.repeat, "that many times")->type_name("N")->check(CLI::Range(1, 1000));
  addConnect(app, replay.connect);
  addMakeJobs(app, replay.jobs);
  app.footer(kReplayHelp);
}

void addHistory(CLI::App& app, HistoryArguments& history) {
  auto* signatures = app.add_flag("--signatures", history.signatures, "grouped by signature");
  app.add_flag("--nights", history.nights, "the nights")->excludes(signatures);
  app.add_option("--scenario", history.scenario, "of this scenario alone")->type_name("SCENARIO");
  app.add_option("--signature", history.signature, "with this signature alone")->type_name("SIGNATURE");
  app.add_option("--verdict", history.verdict, "with this verdict alone")
      ->type_name("VERDICT")
      ->check(CLI::IsMember({"reproduced", "survived", "other-failure", "inconclusive"}));
  app.add_option("--night", history.night, "of this night alone")->type_name("NIGHT");
  app.add_option("--limit", history.limit, "that many; 0: all")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  auto* prune = app.add_subcommand("prune", "remove the directories of old runs");
  prune->add_option("--days", history.days, "runs younger than this stay")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  prune->add_option("--keep-per-signature", history.keepPerSignature, "of each signature, so many with evidence stay")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  prune->add_option("--keep-per-cell", history.keepPerCell, "of each scenario and cell, so many stay")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  prune->add_flag("--dry-run", history.dryRun, "only say what would go");
  prune->callback([&history] { history.prune = true; });
  app.add_subcommand("check", "is the file whole?")->callback([&history] { history.check = true; });
  app.require_subcommand(0, 1);
  app.footer(kHistoryHelp);
}

void addCompare(CLI::App& app, CompareArguments& compare) {
  app.add_option("a", compare.one, "a run, a night, or kernel:RELEASE")->type_name("RUN")->required();
  app.add_option("b", compare.other, "what it is compared with")->type_name("RUN")->required();
  app.footer(kCompareHelp);
}

void addReport(CLI::App& app, ReportArguments& report) {
  app.add_option("run", report.what, "directories or names of runs, of a night or a bisect; latest")
      ->type_name("RUN")
      ->required();
  app.add_option("--format", report.format, "html (the default), junit, ktap, mail or json")
      ->type_name("FORM")
      ->check(CLI::IsMember({"html", "junit", "ktap", "mail", "json"}));
  app.add_option("-o,--output", report.output, "the file; html goes to report.html there, all else to standard output")
      ->type_name("FILE");
  app.footer(kReportHelp);
}

}  // namespace relapse::cli
