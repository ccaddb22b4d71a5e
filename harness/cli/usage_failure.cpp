// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/usage_failure.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command_tree.hpp"
#include "document/errors.hpp"

namespace relapse::cli {
namespace {

// The innermost command that was said.
const CLI::App& commandSaid(const CLI::App& app) {
  const auto said = app.get_subcommands();
  return said.empty() ? app : commandSaid(*said.front());
}

std::vector<const CLI::Option*> optionsOf(const CLI::App& command) {
  auto options = command.get_options();
  if (command.get_parent() != nullptr) {
    const auto above = optionsOf(*command.get_parent());
    options.insert(options.end(), above.begin(), above.end());
  }
  return options;
}

std::vector<std::string> optionNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* option : optionsOf(command))
    if (!option->get_group().empty())
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

// "history prune: "; of relapse itself nothing, as every message begins with it.
std::string who(const std::string& path) {
  const auto space = path.find(' ');
  return space == std::string::npos ? "" : path.substr(space + 1) + ": ";
}

bool is(const CLI::ParseError& error, CLI::ExitCodes code) {
  return error.get_exit_code() == static_cast<int>(code);
}

std::string slip(std::string_view word, const std::vector<std::string>& known) {
  return document::didYouMean(word, {known.begin(), known.end()});
}

std::string unknownOption(const CLI::App& command, const std::string& path, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  return fmt::format("{}unknown option {}{}", who(path), document::quote(name), slip(name, optionNames(command)));
}

std::string unknownWord(const CLI::App& command, const CommandView& view, const std::string& word) {
  if (view.commands.empty()) return fmt::format("{}one argument too many: {}", who(view.path), document::quote(word));
  std::vector<std::string> names;
  for (const auto* one : command.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(one->get_name());
  return fmt::format("{}unknown command {}{}", who(view.path), document::quote(word), slip(word, names));
}

// The word that nothing was made of; empty when there is none.
std::string leftOver(const CLI::App& app) {
  const auto words = app.remaining(true);
  const auto word = std::find_if(words.begin(), words.end(), [](const auto& one) { return one != "--"; });
  return word == words.end() ? std::string{} : *word;
}

std::string expectedBy(const OptionView& option) {
  if (!option.choices.empty()) return fmt::format("one of {}", fmt::join(option.choices, ", "));
  if (!option.limits.empty()) return "a number, " + option.limits;
  if (option.value == "FILE") return "a file";
  return option.value;
}

// The option that CLI11's message begins with, or names after "Could not convert: ".
const CLI::Option* optionOf(const CLI::App& command, std::string_view message) {
  constexpr std::string_view kConvert = "Could not convert: ";
  if (message.starts_with(kConvert)) message.remove_prefix(kConvert.size());
  const auto name = message.substr(0, message.find_first_of(": "));
  for (const auto* option : optionsOf(command))
    if (option->get_name() == name) return option;
  return nullptr;
}

// Of several values the one that `message` is about.
std::string valueIn(const std::string& message, const std::vector<std::string>& values) {
  for (const auto& value : values)
    if (!value.empty() && message.ends_with(value)) return value;
  return values.back();
}

std::string whyNot(const std::string& message) {
  if (message.find("does not exist") != std::string::npos) return ", which does not exist";
  return message.find("actually a directory") != std::string::npos ? ", which is a folder" : "";
}

std::string wrongValue(const CLI::Option& option, const std::string& message) {
  const auto view = viewOf(option);
  const std::string name = view.names.empty() ? view.value : view.names.back();
  if (option.results().empty()) return fmt::format("{}: expected {}, found nothing", name, expectedBy(view));
  if (static_cast<int>(option.results().size()) < view.values)
    return fmt::format("{}: expected {} of {}, found {} alone", name, view.values, view.value,
                       document::quote(option.results().back()));
  const std::string found = valueIn(message, option.results());
  return fmt::format("{}: expected {}, found {}{}{}", name, expectedBy(view), document::quote(found), whyNot(message),
                     slip(found, view.choices));
}

std::string pairOf(const std::string& message, std::string_view verb, const char* form) {
  const auto at = message.find(verb);
  if (at == std::string::npos) return message;
  return fmt::format(fmt::runtime(form), message.substr(0, at), message.substr(at + verb.size()));
}

std::string missing(const CLI::App& command, const CommandView& view) {
  for (const auto* option : command.get_options())
    if (option->get_required() && option->count() == 0) {
      const auto wanted = viewOf(*option);
      return fmt::format("{}expected {} ({}), found none", who(view.path),
                         wanted.names.empty() ? wanted.value : spelling(wanted), wanted.text);
    }
  return fmt::format("{}expected a command, found none", who(view.path));
}

std::string explained(const CLI::App& command, const CommandView& view, const CLI::ParseError& error) {
  std::string message = error.what();
  if (is(error, CLI::ExitCodes::ExcludesError))
    return pairOf(message, " excludes ", "{} and {} cannot be given together");
  if (is(error, CLI::ExitCodes::RequiresError)) return pairOf(message, " requires ", "{} needs {} beside it");
  if (is(error, CLI::ExitCodes::RequiredError)) return missing(command, view);
  if (const auto* option = optionOf(command, message)) return wrongValue(*option, message);
  return message;
}

}  // namespace

Failure usageFailure(const CLI::App& app, const CLI::ParseError& error) {
  const auto& command = commandSaid(app);
  const auto view = viewOf(command, true);
  const std::string word = leftOver(app);
  const bool about = is(error, CLI::ExitCodes::ExtrasError) || is(error, CLI::ExitCodes::RequiredError);
  std::string message;
  if (!about || word.empty()) {
    message = explained(command, view, error);
  } else if (word.starts_with('-')) {
    message = unknownOption(command, view.path, word);
  } else {
    message = unknownWord(command, view, word);
  }
  return {FailureKind::BadInput, message, view.path + " --help"};
}

}  // namespace relapse::cli
