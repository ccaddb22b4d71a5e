// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "failure/values.hpp"

namespace relapse::cli {

// Exit statuses beside those of a verdict (verdict/judge.hpp). Those of <sysexits.h>, and 130 as a shell has it.
inline constexpr int kBadInput = 64;
inline constexpr int kHostLacks = 69;
inline constexpr int kInconclusive = 125;
inline constexpr int kStopBisect = 128;
inline constexpr int kInterrupted = 130;

int exitStatusOf(FailureKind kind);

struct Common {
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  std::filesystem::path stateDir;
};

struct EngineArguments {
  std::string engine = "local";           // local, slurm
  int jobs = 0;                           // guests side by side; 0: as many as fit
  std::string partition;                  // slurm's
  std::vector<std::string> slurmOptions;  // for sbatch, as they are
};

struct RunArguments {
  std::vector<std::string> scenarios;
  std::vector<std::string> kernels;  // --kernel, tried in order
  std::string image;
  std::string vmlinux;
  std::string modules;
  bool noSeries = false;  // the scenario's own series is left out
  std::vector<std::filesystem::path> patches;
  std::vector<std::filesystem::path> configs;
  std::vector<std::string> sets;
  int repeat = 0;       // 0: the scenario's
  std::string until;    // "K/N"
  std::string cleanOf;  // "K/N"
  std::string atLeast;  // "30%"
  std::string connect;
  int makeJobs = 0;              // 0: one per core
  EngineArguments engine = {};   // where repeats run
  std::filesystem::path result;  // as a job: what it leaves (campaign::RunFile); empty: nothing
  bool noHistory = false;
  bool asBisectStep = false;
  std::string vary;    // "writers=1..64,timing=jitter"; empty: no search
  std::string budget;  // "30min"; empty: the default
  bool minimize = false;
  std::string write;          // the file for the scenario that was found; empty: in the campaign's folder
  std::string keep = "best";  // which runs of a campaign stay: best, all, none
};

struct ScanArguments {
  std::vector<std::string> logs;  // files; "-" is standard input
  std::vector<std::string> only;  // kinds
  bool trace = false;
  bool summary = false;
  bool follow = false;
};

struct DecodeArguments {
  std::string log;  // a file; "-" is standard input
  std::filesystem::path vmlinux;
  std::filesystem::path modules;
  std::filesystem::path tree;
  bool source = false;  // -v: with the source lines
};

struct InspectArguments {
  std::filesystem::path vmcore;
  std::filesystem::path vmlinux;
  std::filesystem::path modules;
  std::filesystem::path console;  // the guest's log, for the registers of a crash
  std::string task;               // PID or COMM
};

struct NightlyArguments {
  std::filesystem::path matrix;
  EngineArguments engine;
  std::string budget;  // "6h"; empty: the matrix's
  bool anew = false;   // not the night that is not finished
  int makeJobs = 0;
};

struct BisectArguments {
  std::string scenario;
  std::filesystem::path series;
  std::filesystem::path git;
  std::vector<std::filesystem::path> config;  // GOOD and BAD
  std::string good;
  std::string bad;
  bool firstParent = false;
  RunArguments run;       // --kernel, --patch, --set, --connect, --make-jobs, --engine
  std::string signature;  // "auto": of the end with the bug; empty: what the scenario expects
  bool fixedBy = false;
  bool subset = false;
  std::string confidence = "95%";
  std::optional<std::string> resume;  // a bisect's name; empty: the latest that is not over
  std::filesystem::path replay;       // a log
  bool status = false;
  std::string statusOf;  // likewise; empty: the latest
};

struct ShellArguments {
  std::string scenario;
  RunArguments run;  // which kernel, --set, --connect
  std::string node;  // empty: the first client
  bool gdb = false;
  bool stopAtBoot = false;
};

struct ReplayArguments {
  std::string run;  // a directory, a run's name, "latest"
  bool rebuild = false;
  int repeat = 1;
  std::string connect;
  int jobs = 0;
};

struct HistoryArguments {
  bool signatures = false;
  bool nights = false;
  std::string scenario;  // filters; empty: all
  std::string signature;
  std::string verdict;
  std::string night;
  int limit = 20;  // 0: all
  bool prune = false;
  int days = 30;
  int keepPerSignature = 1;
  int keepPerCell = 1;
  bool dryRun = false;
  bool check = false;
};

struct CompareArguments {
  std::string one;  // a run, a night, kernel:...
  std::string other;
};

struct ReportArguments {
  std::vector<std::string> what;  // directories of runs or nights, their names, "latest"
  std::string format;             // html, junit, ktap, mail, json; empty: html, with --json json
  std::filesystem::path output;   // empty: html into the directory, all else to standard output
};

// What is made from the description of the command line.
struct MadeArguments {
  std::string command;           // whose man page; empty: relapse's own
  std::filesystem::path folder;  // where all man pages go; empty: one, to standard output
  std::string shell;             // bash, zsh, fish
  std::string kind;              // scenario, run, kernel, event, command
};

// All that was said on the command line, command by command.
struct Arguments {
  Common common;
  RunArguments run;
  NightlyArguments nightly;
  BisectArguments bisect;
  RunArguments build;
  std::vector<std::string> files;  // validate's
  std::vector<std::string> sets;   // likewise
  bool clean = false;              // doctor's
  ScanArguments scan;
  DecodeArguments decode;
  InspectArguments inspect;
  ShellArguments shell;
  ReplayArguments replay;
  HistoryArguments history;
  CompareArguments compare;
  ReportArguments report;
  MadeArguments made;
};

// Each returns the exit status and prints what a person (or --json a program) reads.
int runCommand(const RunArguments& arguments, const Common& common);
int varyCommand(const RunArguments& arguments, const Common& common);  // run, with --vary or --minimize
int buildCommand(const RunArguments& arguments, const Common& common);
int bisectCommand(const BisectArguments& arguments, const Common& common);
int nightlyCommand(const NightlyArguments& arguments, const Common& common);
int validateCommand(const std::vector<std::string>& scenarios, const std::vector<std::string>& sets);
int listCommand(const Common& common);
int doctorCommand(const Common& common, bool clean);  // clean: removes what killed relapses left
int scanCommand(const ScanArguments& arguments, const Common& common);
int decodeCommand(const DecodeArguments& arguments, const Common& common);
int inspectCommand(const InspectArguments& arguments, const Common& common);
int shellCommand(const ShellArguments& arguments, const Common& common);
int replayCommand(const ReplayArguments& arguments, const Common& common);
int historyCommand(const HistoryArguments& arguments, const Common& common);
int compareCommand(const CompareArguments& arguments, const Common& common);
int reportCommand(const ReportArguments& arguments, const Common& common);
int wordsCommand(const std::string& kind, const Common& common);
int patternsCommand();
int referenceCommand();

int manualCommand(const MadeArguments& made);
int completionCommand(const MadeArguments& made);

// `relapse --version`; with programs, a line for each of those that a run uses.
std::string versionText(bool withPrograms);

// Prints a failure as every command does: what happened, and below it what to do.
void printFailure(const Failure& failure);

bool colourOn(int descriptor);  // a terminal, and NO_COLOR is not set

}  // namespace relapse::cli
