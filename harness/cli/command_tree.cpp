// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/command_tree.hpp"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/options.hpp"

namespace relapse::cli {
namespace {

constexpr std::string_view kTitles[] = {"Examples", "Exit status"};

std::string nameOf(const CLI::Option& option) {
  return option.get_lnames().empty() ? option.get_name() : "--" + option.get_lnames().front();
}

// What a validator says of itself: "{a,b}", "INT in [1 - 10]" or "POSITIVE".
void readCheck(const std::string& said, OptionView& view) {
  if (said.starts_with('{') && said.ends_with('}')) {
    std::istringstream words(said.substr(1, said.size() - 2));
    for (std::string word; std::getline(words, word, ',');) view.choices.push_back(word);
  }
  if (said == "NONNEGATIVE") view.limits = "0 or more";
  if (said == "POSITIVE") view.limits = "1 or more";
  const auto open = said.find('[');
  const auto dash = said.find(" - ");
  const auto close = said.find(']');
  if (open < dash && dash < close && close != std::string::npos)
    view.limits = "from " + said.substr(open + 1, dash - open - 1) + " to " + said.substr(dash + 3, close - dash - 3);
}

std::vector<std::string> namesOf(const std::set<CLI::Option*>& options) {
  std::vector<std::string> names;
  for (const auto* option : options) names.push_back(nameOf(*option));
  std::sort(names.begin(), names.end());
  return names;
}

std::string pathOf(const CLI::App& app) {
  return app.get_parent() != nullptr ? pathOf(*app.get_parent()) + " " + app.get_name() : app.get_name();
}

bool isTitled(const std::string& line, std::string_view title) {
  return line.starts_with(title) && line.find(':') != std::string::npos;
}

void begin(std::vector<Paragraph>& all, std::string line) {
  Paragraph paragraph;
  paragraph.rare = line.starts_with(kRare);
  if (paragraph.rare) line.erase(0, 1);
  for (const auto title : kTitles)
    if (isTitled(line, title)) paragraph.title = title;
  if (line != "Examples:") paragraph.lines.push_back(line);
  all.push_back(std::move(paragraph));
}

}  // namespace

OptionView viewOf(const CLI::Option& option) {
  OptionView view;
  for (const auto& name : option.get_snames()) view.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) view.names.push_back("--" + name);
  const std::string type = option.get_type_name();
  const auto colon = type.find(':');
  if (option.get_type_size_max() > 0) view.value = type.substr(0, colon);
  if (colon != std::string::npos) readCheck(type.substr(colon + 1), view);
  view.byDefault = option.get_default_str();
  view.text = option.get_description();
  view.group = option.get_group();
  view.rare = view.group.starts_with(kRare);
  if (view.rare) view.group.erase(0, 1);
  view.excludes = namesOf(option.get_excludes());
  view.needs = namesOf(option.get_needs());
  view.repeats = option.get_expected_max() >= CLI::detail::expected_max_vector_size;
  view.required = option.get_required();
  view.valueOptional = option.get_expected_min() == 0 && !view.value.empty();
  view.values = view.repeats ? 1 : std::max(1, option.get_expected_max());
  return view;
}

std::vector<Paragraph> paragraphsOf(const std::string& footer) {
  std::vector<Paragraph> all;
  bool open = false;
  std::istringstream lines(footer);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) {
      open = false;
    } else if (!open || isTitled(line, "Exit status")) {
      begin(all, line);
      open = true;
    } else if (line.starts_with("  ")) {
      all.back().verbatim = true;
      all.back().lines.push_back(line.substr(2));
    } else {
      all.back().lines.back() += " " + line;
    }
  }
  return all;
}

namespace {

// What the commands below `app` take of its options, and of those above it.
std::vector<OptionView> passedOn(const CLI::App& app) {
  std::vector<OptionView> all;
  for (const auto* option : app.get_options())
    if (option->nonpositional() && !option->get_group().empty() && option != app.get_help_ptr() &&
        option != app.get_help_all_ptr() && option != app.get_version_ptr())
      all.push_back(viewOf(*option));
  if (app.get_parent() == nullptr) return all;
  const auto above = passedOn(*app.get_parent());
  all.insert(all.end(), above.begin(), above.end());
  return all;
}

}  // namespace

CommandView viewOf(const CLI::App& app, bool hidden) {
  CommandView view;
  view.name = app.get_name();
  view.path = pathOf(app);
  view.summary = app.get_description();
  view.hidden = app.get_parent() != nullptr && app.get_group().empty();
  view.needsCommand = app.get_require_subcommand_min() > 0;
  for (const auto* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    auto one = viewOf(*option);
    if (option->get_positional()) {
      one.names.clear();
      view.positionals.push_back(std::move(one));
    } else {
      view.options.push_back(std::move(one));
    }
  }
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    if (hidden || !command->get_group().empty()) view.commands.push_back(viewOf(*command, hidden));
  if (app.get_parent() != nullptr) view.inherited = passedOn(*app.get_parent());
  view.notes = paragraphsOf(app.get_footer());
  return view;
}

bool choicesShown(const OptionView& option) {
  std::size_t size = 0;
  for (const auto& choice : option.choices) size += choice.size() + 1;
  return size > 0 && size < 16;
}

std::string spelling(const OptionView& option) {
  const std::string dots = option.repeats && option.names.empty() ? "..." : "";
  std::string value = choicesShown(option) ? fmt::format("{}", fmt::join(option.choices, "|")) : option.value;
  for (int i = 1; i < option.values; ++i) value += " " + option.value;
  if (option.names.empty()) return value + dots;
  std::string names = fmt::format("{}", fmt::join(option.names, ", "));
  if (value.empty()) return names;
  return names + (option.valueOptional ? " [" + value + "]" : " " + value);
}

std::string usageOf(const CommandView& command) {
  std::string usage = command.path + " [OPTIONS]";
  for (const auto& positional : command.positionals)
    usage += positional.required ? " " + spelling(positional) : " [" + spelling(positional) + "]";
  if (!command.commands.empty()) usage += command.needsCommand ? " COMMAND" : " [COMMAND]";
  return usage;
}

std::vector<std::string> filled(const std::string& text, std::size_t width) {
  std::vector<std::string> lines;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (lines.empty() || lines.back().size() + 1 + word.size() > width) {
      lines.push_back(word);
    } else {
      lines.back() += " " + word;
    }
  }
  return lines;
}

}  // namespace relapse::cli
