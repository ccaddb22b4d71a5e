// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/shell_commands.hpp"

#include <algorithm>
#include <deque>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "report/terminal.hpp"
#include "run/steps.hpp"
#include "scenario/vocabulary.hpp"

namespace relapse::run {
namespace {

constexpr std::size_t kConsoleLines = 20;

std::vector<std::string> wordsOf(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

const scenario::FaultKind* faultNamed(const std::string& name) {
  const auto found = std::ranges::find(scenario::kFaults, name, &scenario::FaultKind::name);
  return found == scenario::kFaults.end() ? nullptr : &*found;
}

std::vector<std::string_view> namesOfFaults() {
  std::vector<std::string_view> names;
  for (const auto& kind : scenario::kFaults) names.push_back(kind.name);
  return names;
}

// Where a fault happens when nobody says it.
std::string usualNode(const scenario::Scenario& scenario, const scenario::FaultKind& kind) {
  return kind.node == "server" ? scenario::serverOf(scenario) : scenario::clientsOf(scenario).front();
}

}  // namespace

bool ShellCommands::obey(const std::string& line) {
  const auto words = wordsOf(line);
  if (words.empty()) return true;
  const std::string& what = words.front();
  if (what == "quit") return false;
  if (what == "fault") {
    takeFault(words);
  } else if (what == "undo") {
    report(session_.faults.undoAll(), "what stood is undone");
  } else if (what == "steps") {
    takeSteps();
  } else if (what == "console") {
    showConsole(words);
  } else if (what == "gdb") {
    for (const auto& text : session_.gdb) session_.say(text);
  } else {
    if (what != "help") session_.say(fmt::format("expected a command of these, found \"{}\"", report::plain(what)));
    help();
  }
  return true;
}

void ShellCommands::help() {
  for (const char* text :
       {"fault NAME [ARGUMENT] [NODE]   a fault, also those of the host: pause-guest, link-down, reboot-guest, ...",
        "undo                           undoes the faults that stand",
        "steps                          takes the scenario's steps now",
        "console [NODE]                 the last 20 lines of the kernel's console",
        "gdb                            how to attach a debugger", "quit                           ends the guests"})
    session_.say(text);
}

void ShellCommands::report(const Result<void>& done, const std::string& what) {
  session_.say(done ? what : report::plain(done.error().message));
}

void ShellCommands::takeFault(const std::vector<std::string>& words) {
  const auto* kind = words.size() > 1 ? faultNamed(words[1]) : nullptr;
  if (kind == nullptr) return session_.say(fmt::format("fault: expected one of {}", fmt::join(namesOfFaults(), ", ")));
  const bool takes = kind->argument != scenario::FaultArgument::None;
  const std::size_t place = takes ? 3 : 2;
  if (words.size() < place || words.size() > place + 1)
    return session_.say(fmt::format("fault {}: expected {}and maybe a node", words[1], takes ? "an argument " : ""));
  const std::string node = words.size() > place ? words[place] : usualNode(session_.scenario, *kind);
  if (!session_.scenario.nodes.contains(node))
    return session_.say(fmt::format("fault {}: there is no node {}", words[1], report::plain(node)));
  if (session_.experiment.decided()) return session_.say("the kernel has failed: no more faults, but quit");
  const std::string argument = takes ? words[2] : std::string();
  report(session_.faults.take({{words[1], argument}, {node}, {}}), fmt::format("fault {} on {}", words[1], node));
}

void ShellCommands::takeSteps() {
  const auto& scenario = session_.scenario;
  if (session_.experiment.decided()) return session_.say("the kernel has failed: no more steps, but quit");
  if (auto can = session_.faults.check(); !can) return report(can, {});
  session_.say(
      fmt::format("taking {} steps, {} s at most", scenario.steps.size(), scenario.deadlines.reproduce.count()));
  const auto until = Experiment::Clock::now() + scenario.deadlines.reproduce;
  report(run::takeSteps(scenario, session_.experiment, session_.faults, until), "the steps are taken");
}

void ShellCommands::showConsole(const std::vector<std::string>& words) {
  const std::string node = words.size() > 1 ? words[1] : scenario::clientsOf(session_.scenario).front();
  if (!session_.scenario.nodes.contains(node)) return session_.say("console: there is no node " + report::plain(node));
  const auto file = session_.directory / fmt::format("console.{}.log", node);
  std::ifstream in(file, std::ios::binary);
  std::deque<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
    if (lines.size() > kConsoleLines) lines.pop_front();
  }
  for (auto& line : lines) {
    while (line.ends_with('\r')) line.pop_back();
    session_.say(report::plain(line));
  }
}

}  // namespace relapse::run
