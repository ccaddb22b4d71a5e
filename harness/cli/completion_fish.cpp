// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion.hpp"
#include "cli/completion_values.hpp"

namespace relapse::cli {
namespace {

constexpr const char* kHead = R"(# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion of relapse; made by `relapse completion fish`

function __relapse_words
    set -l program (commandline -opc)[1]
    $program words $argv 2>/dev/null
end

function __relapse_at
    set -l words (commandline -opc)
    set -e words[1]
    set -l at ''
    for word in $words
        switch "$at $word"
)";

// In single quotes, for fish.
std::string literal(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string offering(const OptionView& option) {
  const auto offer = offerFor(option);
  std::string words;
  if (!option.choices.empty()) words = fmt::format("{}", fmt::join(option.choices, " "));
  if (!offer.words.empty())
    words = (offer.list ? "(__fish_append , (__relapse_words " + offer.words + "))"
                        : "(__relapse_words " + offer.words + ")");
  if (offer.folders) words += std::string(words.empty() ? "" : " ") + "(__fish_complete_directories)";
  return words.empty() ? "" : " -a " + literal(words);
}

std::string optionLine(const Place& place, const OptionView& option) {
  std::string out = "complete -c relapse -n " + literal("__relapse_at " + place.path);
  for (const auto& name : option.names)
    out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!option.value.empty() && !option.valueOptional) out += offerFor(option).files ? " -r -F" : " -x";
  return out + (option.value.empty() ? "" : offering(option)) + " -d " + literal(option.text) + "\n";
}

std::string wordLines(const Place& place) {
  std::string out;
  const std::string when = "complete -c relapse -n " + literal("__relapse_at " + place.path);
  for (const auto& one : place.command->commands)
    out += when + " -a " + one.name + " -d " + literal(one.summary) + "\n";
  if (place.command->positionals.empty()) return out;
  const auto& positional = place.command->positionals.back();
  return out + when + (offerFor(positional).files ? " -F" : "") + offering(positional) + "\n";
}

}  // namespace

std::string fishCompletion(const CommandView& root) {
  const auto places = placesOf(root);
  std::string out = kHead;
  for (const auto& place : places)
    if (!place.path.empty())
      out += fmt::format("            case '{} {}'\n                set at '{}'\n", place.above, place.command->name,
                         place.path);
  out += "        end\n    end\n    test \"$at\" = \"$argv\"\nend\n\ncomplete -c relapse -f\n";
  for (const auto& place : places) {
    out += wordLines(place);
    for (const auto& option : place.options) out += optionLine(place, option);
  }
  return out;
}

}  // namespace relapse::cli
