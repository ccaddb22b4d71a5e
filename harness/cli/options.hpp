// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"

namespace relapse::cli {

// The command line is described once, by CLI11's App with these conventions, and --help, the man pages and the
// shells' completions are made from it (cli/command_tree.hpp):
// - type_name() is what stands for an option's value, and what a shell offers for it: FILE, DIR, SCENARIO, RUN,
//   SOURCE, KIND, or a word that is the user's;
// - a group whose name begins with kRare, and a paragraph of a footer that does, are not in --help, but in
//   --help-all and in the man page;
// - a footer's paragraphs are filled; lines that begin with two spaces stay as they are; "Examples:" and
//   "Exit status:" at the start of a line begin a section.
inline constexpr char kRare = '+';

// Every command; the App keeps references to `arguments`.
void describe(CLI::App& app, Arguments& arguments);

// Options that several commands have.
void addKernel(CLI::App& app, RunArguments& run);  // which kernel, and what is set from the command line
void addEngine(CLI::App& app, EngineArguments& engine);
void addMakeJobs(CLI::App& app, int& jobs);
void addConnect(CLI::App& app, std::string& connect);

// The commands with many options.
void addRun(CLI::App& app, RunArguments& run);
void addBuild(CLI::App& app, RunArguments& build);
void addNightly(CLI::App& app, NightlyArguments& nightly);
void addBisect(CLI::App& app, BisectArguments& bisect);
void addScan(CLI::App& app, ScanArguments& scan);
void addDecode(CLI::App& app, DecodeArguments& decode);
void addInspect(CLI::App& app, InspectArguments& inspect);
void addShell(CLI::App& app, ShellArguments& shell);
void addReplay(CLI::App& app, ReplayArguments& replay);
void addHistory(CLI::App& app, HistoryArguments& history);
void addCompare(CLI::App& app, CompareArguments& compare);
void addReport(CLI::App& app, ReportArguments& report);

}  // namespace relapse::cli
