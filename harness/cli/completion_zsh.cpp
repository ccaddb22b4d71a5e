// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion.hpp"
#include "cli/completion_values.hpp"

namespace relapse::cli {
namespace {

constexpr const char* kHead = R"(#compdef relapse
# SPDX-License-Identifier: GPL-2.0-or-later
# zsh completion of relapse; made by `relapse completion zsh`

_relapse_words() {
  local -a offered
  offered=("${(@f)$($relapse words $1 2>/dev/null)}")
  offered=("${(@)offered//:/\\:}")
  offered=("${(@)offered/$'\t'/:}")
  _describe -t $1 $1 offered
}

_relapse_events() {
  local -a offered
  offered=("${(@f)$($relapse words event 2>/dev/null | cut -f 1)}")
  _values -s , event $offered
}

_relapse_files() { _alternative "words:$1: _relapse_words $1" 'files:file:_files' }
_relapse_folders() { _alternative "words:$1: _relapse_words $1" 'folders:folder:_files -/' }

_relapse() {
  local relapse=${words[1]} place= curcontext=$curcontext
  integer i last=1
  for ((i = 2; i < CURRENT; i++)); do
    case "$place ${words[i]}" in
)";

// In _arguments, brackets and colons have a meaning.
std::string plain(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string actionOf(const OptionView& option) {
  const auto offer = offerFor(option);
  if (!option.choices.empty()) return fmt::format("({})", fmt::join(option.choices, " "));
  if (offer.list) return "_relapse_events";
  if (!offer.words.empty()) return (offer.files ? " _relapse_files " : " _relapse_folders ") + offer.words;
  if (offer.files) return "_files";
  return offer.folders ? "_files -/" : " ";
}

std::string argumentOf(const OptionView& option, const std::string& name) {
  std::string all;
  for (const auto& one : option.names) all += (all.empty() ? "" : " ") + one;
  std::string out = option.repeats ? "*" : "(" + all + ")";
  out += name;
  if (!option.value.empty() && name.starts_with("--") && !option.valueOptional) out += "=";
  out += "[" + plain(option.text) + "]";
  if (option.value.empty()) return out;
  for (int i = 0; i < option.values; ++i)
    out += (option.valueOptional ? "::" : ":") + plain(option.value) + ":" + actionOf(option);
  return out;
}

std::string caseOf(const Place& place) {
  std::string out = fmt::format("    {})\n", quoted(place.path));
  std::string arguments;
  for (const auto& option : place.options)
    for (const auto& name : option.names) arguments += " \\\n        " + quoted(argumentOf(option, name));
  if (!place.command->commands.empty()) {
    out += "      commands=(\n";
    for (const auto& one : place.command->commands)
      out += "        " + quoted(one.name + ":" + plain(one.summary)) + "\n";
    out += "      )\n";
    arguments += " \\\n        '1:command:{ _describe command commands }'";
  }
  for (const auto& positional : place.command->positionals)
    arguments += " \\\n        " +
                 quoted((positional.repeats ? "*:" : ":") + plain(positional.value) + ":" + actionOf(positional));
  return out + "      _arguments -s" + arguments + "\n      ;;\n";
}

}  // namespace

std::string zshCompletion(const CommandView& root) {
  const auto places = placesOf(root);
  std::string out = kHead;
  for (const auto& place : places)
    if (!place.path.empty())
      out += fmt::format("      {}) place={}; last=i ;;\n", quoted(place.above + " " + place.command->name),
                         quoted(place.path));
  out += R"(    esac
  done
  words=("${words[1]}" "${(@)words[last + 1,-1]}")
  ((CURRENT -= last - 1))
  local -a commands
  case $place in
)";
  for (const auto& place : places) out += caseOf(place);
  return out + "  esac\n}\n\n_relapse \"$@\"\n";
}

}  // namespace relapse::cli
