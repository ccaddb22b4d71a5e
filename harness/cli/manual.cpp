// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/manual.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace relapse::cli {
namespace {

struct Entry {
  const char* name;
  const char* text;
};

constexpr Entry kEnvironment[] = {
    {"XDG_CACHE_HOME",
     "holds relapse/, the caches: sources, kernels, guests' roots. Safe to delete. Without it "
     "~/.cache, as root /var/cache."},
    {"XDG_STATE_HOME", "holds relapse/, the runs and their history. Without it ~/.local/state, as root /var/lib."},
    {"RELAPSE_DATA_DIR", "a checkout or a copy of share/relapse, whose scenarios and kernel configurations are used."},
    {"NO_COLOR", "if it is set, nothing is coloured."},
};

constexpr Entry kFiles[] = {
    {"~/.local/state/relapse/runs/", "a folder for each run: result.json, report.html, the consoles, the evidence."},
    {"~/.local/state/relapse/history.db", "what `relapse history` reads."},
    {"~/.cache/relapse/", "the caches."},
};

// Text as troff is to print it.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'') {
      out += "\\(aq";
    } else if (c == '`') {
      out += "\\(ga";
    } else if (c == '^') {
      out += "\\(ha";
    } else if (c == '~') {
      out += "\\(ti";
    } else {
      out += c;
    }
  }
  return out.starts_with('.') ? "\\&" + out : out;
}

std::string bold(const std::string& text) {
  return "\\fB" + escaped(text) + "\\fR";
}

std::string italic(const std::string& text) {
  return "\\fI" + escaped(text) + "\\fR";
}

std::string sentence(std::string text) {
  if (!text.empty() && text.back() != '.' && text.back() != '?') text += '.';
  return escaped(text) + "\n";
}

std::string entry(const std::string& head, const std::string& text) {
  return ".TP\n" + head + "\n" + text;
}

std::string headOf(const OptionView& option) {
  std::string head;
  for (const auto& name : option.names) head += (head.empty() ? "" : ", ") + bold(name);
  if (option.value.empty()) return head;
  std::string value = italic(option.value);
  for (int i = 1; i < option.values; ++i) value += " " + italic(option.value);
  if (option.valueOptional) value = "[" + value + "]";
  if (option.names.empty() && option.repeats) value += " ...";
  return head.empty() ? value : head + " " + value;
}

std::string textOf(const OptionView& option) {
  std::string text = sentence(option.text);
  if (!option.choices.empty()) text += sentence(fmt::format("One of {}", fmt::join(option.choices, ", ")));
  if (!option.limits.empty()) text += sentence("A number, " + option.limits);
  if (!option.byDefault.empty()) text += sentence("Default: " + option.byDefault);
  if (option.repeats && !option.names.empty()) text += sentence("May be given more than once");
  if (!option.needs.empty()) text += sentence(fmt::format("With {}", fmt::join(option.needs, ", ")));
  if (!option.excludes.empty()) text += sentence(fmt::format("Not with {}", fmt::join(option.excludes, ", ")));
  return text;
}

std::string entries(const std::vector<OptionView>& options, const std::string& group) {
  std::string out;
  for (const auto& option : options)
    if (option.group == group) out += entry(headOf(option), textOf(option));
  return out;
}

std::vector<std::string> groupsOf(const std::vector<OptionView>& options) {
  std::vector<std::string> groups;
  for (const auto& option : options)
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end()) groups.push_back(option.group);
  return groups;
}

std::string optionsOf(const CommandView& command) {
  std::string out;
  for (const auto& positional : command.positionals) out += entry(headOf(positional), textOf(positional));
  for (const auto& group : groupsOf(command.options)) {
    if (group != "Options") out += ".SS " + escaped(group) + "\n";
    out += entries(command.options, group);
  }
  return out;
}

std::string synopsisOf(const CommandView& command) {
  std::string out = bold(command.path) + " [\\fIOPTIONS\\fR]";
  for (const auto& positional : command.positionals)
    out += positional.required ? " " + headOf(positional) : " [" + headOf(positional) + "]";
  if (!command.commands.empty()) out += command.needsCommand ? " \\fICOMMAND\\fR" : "";
  out += "\n";
  if (command.needsCommand) return out;
  for (const auto& one : command.commands) out += ".br\n" + synopsisOf(one);
  return out;
}

std::string note(const Paragraph& paragraph) {
  std::string out;
  if (!paragraph.verbatim) {
    for (const auto& line : paragraph.lines) out += ".PP\n" + escaped(line) + "\n";
    return out;
  }
  out += ".nf\n";
  for (const auto& line : paragraph.lines) out += escaped(line) + "\n";
  return out + ".fi\n";
}

std::string notes(const CommandView& command, const std::string& title, const char* heading) {
  std::string out;
  for (const auto& paragraph : command.notes)
    if (paragraph.title == title) out += note(paragraph);
  return out.empty() || heading == nullptr ? out : fmt::format(".SH {}\n", heading) + out;
}

std::string commandsOf(const CommandView& command, bool pages) {
  std::string out;
  for (const auto& one : command.commands) {
    if (pages) {
      out += entry(bold(pageName(one)) + "(1)", sentence(one.summary));
    } else {
      out += ".SS " + escaped(one.path) + "\n" + sentence(one.summary) + optionsOf(one);
    }
  }
  return out.empty() ? out : ".SH COMMANDS\n" + out;
}

template <std::size_t count>
std::string table(const char* heading, const Entry (&rows)[count]) {
  std::string out = fmt::format(".SH {}\n", heading);
  for (const auto& row : rows) out += entry(bold(row.name), escaped(row.text) + "\n");
  return out;
}

std::string alsoOf(const CommandView& command, const CommandView& root, bool isRoot) {
  std::vector<std::string> pages;
  if (!isRoot) pages.push_back(bold("relapse") + "(1)");
  for (const auto& one : root.commands)
    if (one.path != command.path) pages.push_back(bold(pageName(one)) + "(1)");
  return fmt::format(".SH SEE ALSO\n{}\n", fmt::join(pages, ",\n"));
}

}  // namespace

std::string pageName(const CommandView& command) {
  std::string name = command.path;
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string manualPage(const CommandView& command, const CommandView& root, const std::string& version,
                       const std::string& day) {
  const bool isRoot = command.path == root.path;
  const std::string name = pageName(command);
  std::string title = name;
  std::transform(title.begin(), title.end(), title.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string summary = command.summary;
  if (summary.ends_with('.')) summary.pop_back();
  std::string out =
      fmt::format(".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n.TH {} 1 \"{}\" \"relapse {}\" \"Relapse\"\n",
                  escaped(title), day, escaped(version));
  out += fmt::format(".SH NAME\n{} \\- {}\n", escaped(name), escaped(summary));
  out += ".SH SYNOPSIS\n" + synopsisOf(command);
  out += notes(command, "", "DESCRIPTION");
  out += ".SH OPTIONS\n" + optionsOf(command);
  if (!isRoot) out += ".SS Of every command\n" + entries(command.inherited, "Options");
  out += commandsOf(command, isRoot);
  out += notes(command, "Exit status", "EXIT STATUS");
  if (isRoot) out += table("ENVIRONMENT", kEnvironment) + table("FILES", kFiles);
  out += notes(command, "Examples", "EXAMPLES");
  return out + alsoOf(command, root, isRoot);
}

}  // namespace relapse::cli
