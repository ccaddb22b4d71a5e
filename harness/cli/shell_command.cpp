// SPDX-License-Identifier: GPL-2.0-or-later
#include <unistd.h>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/display.hpp"
#include "cli/host_session.hpp"
#include "cli/places.hpp"
#include "cli/plain_lines.hpp"
#include "cli/run_request.hpp"
#include "cli/user_terminal.hpp"
#include "run/shell.hpp"
#include "scenario/scenario.hpp"

namespace relapse::cli {
namespace {

int failed(const Failure& failure) {
  printFailure(failure);
  return exitStatusOf(failure.kind);
}

// What is said when the user's terminal is as it was.
int farewell(const run::ShellEnd& end, const Common& common) {
  if (end.how == run::ShellEnd::How::GuestDied) fmt::print(stderr, "relapse: {}\n", plainLines(end.why));
  if (end.how == run::ShellEnd::How::PoweredOff) fmt::print(stderr, "relapse: the guest powered off\n");
  if (!common.quiet) fmt::print(stderr, "relapse: the consoles are in {}\n", end.directory.string());
  if (end.how == run::ShellEnd::How::GuestDied) return kInconclusive;
  return end.status == 0 ? 0 : 1;
}

Result<run::ShellEnd> shellOn(UserTerminal& terminal, const scenario::Scenario& scenario,
                              const ShellArguments& arguments, const Common& common) {
  const auto where = places(common.stateDir);
  auto session = HostSession::open(arguments.run.connect, where.cache);
  if (!session) return passOn(session.error());
  run::ShellRequest request;
  request.run = requestFor(arguments.run, scenario, where, (*session)->root(), (*session)->stop());
  request.node = arguments.node;
  request.gdb = arguments.gdb;
  request.stopAtBoot = arguments.stopAtBoot;
  Display display(isatty(STDERR_FILENO) == 1, common.quiet, colourOn(STDERR_FILENO));
  return run::shell(request, (*session)->host(), terminal,
                    [&](const run::StageUpdate& update) { display.show(update); });
}

}  // namespace

int shellCommand(const ShellArguments& arguments, const Common& common) {
  auto file = findScenario(arguments.scenario);
  if (!file) return failed(file.error());
  auto scenario = scenario::load(*file, arguments.run.sets);
  if (!scenario) return failed(scenario.error());
  auto terminal = UserTerminal::open();  // forks, as HostSession does: before any thread
  auto end = shellOn(*terminal, *scenario, arguments, common);
  terminal.reset();
  return end ? farewell(*end, common) : failed(end.error());
}

}  // namespace relapse::cli
