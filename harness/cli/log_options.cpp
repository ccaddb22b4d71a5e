// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/options.hpp"

namespace relapse::cli {
namespace {

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

constexpr const char* kInspectHelp = R"(
Examples:
  relapse inspect vmcore --vmlinux vmlinux
  relapse inspect vmcore --vmlinux vmlinux --task appender-0
  relapse inspect vmcore --vmlinux vmlinux --modules /lib/modules/6.1.0 --json

Who spins, who waits for whom, the page and its request. A vmcore is QEMU's or libvirt's dump, or a kdump (ELF or
makedumpfile's format).
Exit status: 0 inspected, 64 bad usage or input, 69 the host lacks something (drgn).
)";

}  // namespace

void addScan(CLI::App& app, ScanArguments& scan) {
  app.add_option("log", scan.logs, "console logs; `-` is standard input")->type_name("FILE")->required();
  app.add_flag("-v,--trace", scan.trace, "with their traces");
  app.add_option("--only", scan.only, "events of these kinds alone")
      ->type_name("KIND,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_flag("--summary", scan.summary, "one line a signature, with counts and first and last time");
  app.add_flag("-f,--follow", scan.follow, "go on reading a log that grows");
  app.footer(kScanHelp);
}

void addDecode(CLI::App& app, DecodeArguments& decode) {
  app.add_option("log", decode.log, "a console log; `-` is standard input")->type_name("FILE")->required();
  app.add_option("--vmlinux", decode.vmlinux, "the kernel with its debug information")
      ->type_name("FILE")
      ->check(CLI::ExistingFile)
      ->required();
  app.add_option("--modules", decode.modules, "a folder with the modules (.ko, .ko.debug, packed or not)")
      ->type_name("DIR");
  app.add_option("--tree", decode.tree, "the kernel's source, for -v")->type_name("DIR");
  app.add_flag("-v,--source", decode.source, "with the source lines");
  app.footer(kDecodeHelp);
}

void addInspect(CLI::App& app, InspectArguments& inspect) {
  app.add_option("vmcore", inspect.vmcore, "a memory dump")->type_name("FILE")->check(CLI::ExistingFile)->required();
  app.add_option("--vmlinux", inspect.vmlinux, "the kernel with its debug information")
      ->type_name("FILE")
      ->check(CLI::ExistingFile)
      ->required();
  app.add_option("--modules", inspect.modules, "a folder with the modules and their debug information")
      ->type_name("DIR");
  app.add_option("--console", inspect.console, "the guest's console log, for the registers of a crash")
      ->type_name("FILE")
      ->check(CLI::ExistingFile);
  app.add_option("--task", inspect.task, "these tasks, each with its stack")->type_name("PID|COMM");
  app.footer(kInspectHelp);
}

}  // namespace relapse::cli
