// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/help.hpp"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace relapse::cli {
namespace {

constexpr std::size_t kTextColumn = 27;

// "  --patch FILE             one more patch on top of the series"
std::string row(const std::string& name, const std::string& text) {
  std::string out = "  " + name;
  bool fresh = out.size() + 2 > kTextColumn;
  if (fresh) out += "\n";
  for (const auto& line : filled(text, kHelpWidth - kTextColumn)) {
    out += fresh ? std::string(kTextColumn, ' ') : std::string(kTextColumn - out.size(), ' ');
    out += line + "\n";
    fresh = true;
  }
  if (out.back() != '\n') out += "\n";
  return out;
}

std::string meaningOf(const OptionView& option) {
  std::string text = option.text;
  if (!option.choices.empty() && !choicesShown(option)) text += fmt::format(": {}", fmt::join(option.choices, ", "));
  if (!option.byDefault.empty()) text += fmt::format(" (default: {})", option.byDefault);
  return text;
}

std::string optionRow(const OptionView& option) {
  return row(spelling(option), meaningOf(option));
}

// The groups in the order in which they first come up.
std::vector<std::string> groupsOf(const std::vector<OptionView>& options, bool all) {
  std::vector<std::string> groups;
  for (const auto& option : options)
    if ((all || !option.rare) && std::find(groups.begin(), groups.end(), option.group) == groups.end())
      groups.push_back(option.group);
  return groups;
}

std::string optionsText(const CommandView& command, bool all) {
  std::string out;
  for (const auto& group : groupsOf(command.options, all)) {
    out += fmt::format("\n{}:\n", group);
    for (const auto& option : command.options)
      if (option.group == group && (all || !option.rare)) out += optionRow(option);
  }
  return out;
}

std::string inheritedText(const CommandView& command) {
  std::string names;
  for (const auto& option : command.inherited)
    if (option.group == "Options") names += (names.empty() ? "" : "; ") + spelling(option);
  if (names.empty()) return {};
  return fmt::format("\n{}\n", fmt::join(filled("And those of every command: " + names, kHelpWidth), "\n"));
}

std::string notesText(const CommandView& command, bool all) {
  std::string out;
  bool apart = true;
  for (const auto& note : command.notes) {
    if (note.rare && !all) continue;
    if (apart || note.verbatim) out += "\n";
    apart = note.verbatim;
    if (note.title == "Examples") out += "Examples:\n";
    for (const auto& line : note.lines)
      out += note.verbatim ? "  " + line + "\n" : fmt::format("{}\n", fmt::join(filled(line, kHelpWidth), "\n"));
  }
  return out;
}

std::string commandsText(const CommandView& command) {
  if (command.commands.empty()) return {};
  std::string out = "\nCommands:\n";
  for (const auto& one : command.commands) out += row(one.name, one.summary);
  return out;
}

class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode mode) const override {
    return helpText(viewOf(*app), mode == CLI::AppFormatMode::All);
  }
};

void use(CLI::App& app, const std::shared_ptr<HelpFormatter>& formatter) {
  app.formatter(formatter);
  for (auto* command : app.get_subcommands([](CLI::App*) { return true; })) use(*command, formatter);
}

}  // namespace

std::string helpText(const CommandView& command, bool all) {
  std::string out = command.summary + "\nUsage: " + usageOf(command) + "\n";
  if (!command.positionals.empty()) out += "\n";
  for (const auto& positional : command.positionals) out += optionRow(positional);
  out += optionsText(command, all) + inheritedText(command) + commandsText(command) + notesText(command, all);
  if (!all) return out;
  for (const auto& one : command.commands) out += "\n\n" + helpText(one, true);
  return out;
}

void useHelpText(CLI::App& app) {
  use(app, std::make_shared<HelpFormatter>());
}

}  // namespace relapse::cli
