// SPDX-License-Identifier: GPL-2.0-or-later
// The command line as CLI11 has it, walked by the tests of what is made from it.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cli/command_tree.hpp"
#include "cli/options.hpp"

namespace relapse::cli {

struct CommandLine {
  Arguments arguments;
  CLI::App app;
  CommandLine() { describe(app, arguments); }
};

struct Walked {
  std::string path;  // "relapse history prune"
  const CLI::App* command = nullptr;
  std::set<std::string> own;  // "--days", "-q"
  std::set<std::string> all;  // with those of the commands above, but their --help and --version
};

inline std::set<std::string> shownOptions(const CLI::App& command) {
  std::set<std::string> names;
  for (const auto* option : command.get_options()) {
    if (option->get_group().empty()) continue;
    for (const auto& name : option->get_lnames()) names.insert("--" + name);
    for (const auto& name : option->get_snames()) names.insert("-" + name);
  }
  return names;
}

inline void walk(const CLI::App& command, const Walked* above, std::vector<Walked>& out) {
  Walked walked;
  walked.path = above == nullptr ? command.get_name() : above->path + " " + command.get_name();
  walked.command = &command;
  walked.own = shownOptions(command);
  walked.all = walked.own;
  if (above != nullptr) walked.all.insert(above->all.begin(), above->all.end());
  if (above != nullptr) walked.all.erase("--version");
  out.push_back(walked);
  for (const auto* one : command.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); }))
    walk(*one, &walked, out);
}

inline std::vector<Walked> everyCommand(const CommandLine& line) {
  std::vector<Walked> all;
  walk(line.app, nullptr, all);
  return all;
}

}  // namespace relapse::cli
