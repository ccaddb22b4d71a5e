// SPDX-License-Identifier: GPL-2.0-or-later
#include <CLI/CLI.hpp>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <exception>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"
#include "cli/usage_failure.hpp"

namespace {

using namespace relapse::cli;

int act(const CLI::App& app, const Arguments& said) {
  const auto& common = said.common;
  if (app.got_subcommand("run")) return runCommand(said.run, common);
  if (app.got_subcommand("nightly")) return nightlyCommand(said.nightly, common);
  if (app.got_subcommand("bisect")) return bisectCommand(said.bisect, common);
  if (app.got_subcommand("build")) return buildCommand(said.build, common);
  if (app.got_subcommand("validate")) return validateCommand(said.files, said.sets);
  if (app.got_subcommand("list")) return listCommand(common);
  if (app.got_subcommand("doctor")) return doctorCommand(common, said.clean);
  if (app.got_subcommand("scan")) return scanCommand(said.scan, common);
  if (app.got_subcommand("decode")) return decodeCommand(said.decode, common);
  if (app.got_subcommand("inspect")) return inspectCommand(said.inspect, common);
  if (app.got_subcommand("shell")) return shellCommand(said.shell, common);
  if (app.got_subcommand("replay")) return replayCommand(said.replay, common);
  if (app.got_subcommand("history")) return historyCommand(said.history, common);
  if (app.got_subcommand("compare")) return compareCommand(said.compare, common);
  if (app.got_subcommand("report")) return reportCommand(said.report, common);
  if (app.got_subcommand("manual")) return manualCommand(said.made);
  if (app.got_subcommand("completion")) return completionCommand(said.made);
  if (app.got_subcommand("words")) return wordsCommand(said.made.kind, common);
  if (app.got_subcommand("patterns")) return patternsCommand();
  if (app.got_subcommand("reference")) return referenceCommand();
  return kBadInput;
}

// `git bisect run` takes 64 for a bad commit.
int badUsage(int argc, char** argv) {
  const bool asBisectStep =
      std::any_of(argv, argv + argc, [](std::string_view word) { return word == "--as-bisect-step"; });
  return asBisectStep ? kStopBisect : kBadInput;
}

int runProgram(int argc, char** argv) {
  CLI::App app;
  Arguments said;
  describe(app, said);
  useHelpText(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& helpOrVersion) {
    return app.exit(helpOrVersion);
  } catch (const CLI::ParseError& error) {
    printFailure(usageFailure(app, error));
    return badUsage(argc, argv);
  }
  spdlog::set_default_logger(spdlog::stderr_color_mt("relapse"));
  spdlog::set_level(said.common.verbose ? spdlog::level::debug : spdlog::level::warn);
  return act(app, said);
}

}  // namespace

int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape): what the handler throws can be told nobody
  umask(umask(0) | S_IWOTH);       // nothing that it writes is for everybody to change
  try {
    return runProgram(argc, argv);
  } catch (const std::exception& error) {  // standard output was closed, memory ran out
    printFailure({relapse::FailureKind::Internal, error.what()});
    return kInconclusive;
  }
}
