// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion.hpp"
#include "cli/completion_values.hpp"

namespace relapse::cli {
namespace {

constexpr const char* kHead = R"(# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of relapse; made by `relapse completion bash`

_relapse_offer() { # HOW [WORDS]
  local before=
  case $1 in
    files) compopt -o filenames 2>/dev/null; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur") ;;
    folders) compopt -o filenames 2>/dev/null; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$cur") ;;
    words) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$2" -- "$cur") ;;
    list)
      [[ $cur == *,* ]] && before=${cur%,*},
      mapfile -t COMPREPLY < <(compgen -P "$before" -W "$2" -- "${cur##*,}") ;;
  esac
}

_relapse_words() {
  "${COMP_WORDS[0]}" words "$1" 2>/dev/null | cut -f 1
}

_relapse() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at='' i
  COMPREPLY=()
  if [ "$cur" = = ]; then
    cur=
  elif [ "$prev" = = ]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at ${COMP_WORDS[i]}" in
)";

std::string offering(const OptionView& option, const std::string& indent) {
  std::string out;
  const auto offer = offerFor(option);
  if (!option.choices.empty())
    out += fmt::format("{}_relapse_offer words '{}'\n", indent, fmt::join(option.choices, " "));
  if (!offer.words.empty())
    out += fmt::format("{}_relapse_offer {} \"$(_relapse_words {})\"\n", indent, offer.list ? "list" : "words",
                       offer.words);
  if (offer.files) out += indent + "_relapse_offer files\n";
  if (offer.folders) out += indent + "_relapse_offer folders\n";
  return out;
}

std::string optionCase(const Place& place, const OptionView& option) {
  std::string patterns;
  for (const auto& name : option.names)
    patterns += fmt::format("{}'{} {}'", patterns.empty() ? "" : " | ", place.path, name);
  std::string out = fmt::format("    {})\n", patterns) + offering(option, "      ");
  return out + (option.valueOptional ? "      ;;\n" : "      return ;;\n");
}

std::string wordCase(const Place& place) {
  std::string names;
  for (const auto& option : place.options)
    for (const auto& name : option.names) names += (names.empty() ? "" : " ") + name;
  std::string out = fmt::format(
      "    {})\n      if [[ $cur == -* ]]; then\n        _relapse_offer words '{}'\n        return\n      fi\n",
      quoted(place.path), names);
  std::string commands;
  for (const auto& one : place.command->commands) commands += (commands.empty() ? "" : " ") + one.name;
  if (!commands.empty()) out += fmt::format("      _relapse_offer words '{}'\n", commands);
  if (!place.command->positionals.empty()) out += offering(place.command->positionals.back(), "      ");
  return out + "      ;;\n";
}

}  // namespace

std::string bashCompletion(const CommandView& root) {
  const auto places = placesOf(root);
  std::string out = kHead;
  for (const auto& place : places)
    if (!place.path.empty())
      out += fmt::format("      '{} {}') at='{}' ;;\n", place.above, place.command->name, place.path);
  out += "    esac\n  done\n  case \"$at $prev\" in\n";
  for (const auto& place : places)
    for (const auto& option : place.options)
      if (!option.value.empty()) out += optionCase(place, option);
  out += "  esac\n  case $at in\n";
  for (const auto& place : places) out += wordCase(place);
  return out + "  esac\n}\ncomplete -F _relapse relapse\n";
}

}  // namespace relapse::cli
