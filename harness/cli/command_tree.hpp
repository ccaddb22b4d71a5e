// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace relapse::cli {

// What --help, the man pages and the shells' completions are made of: the App as plain values, without what is hidden.

struct OptionView {
  std::vector<std::string> names;  // "-q", "--quiet"; of a positional none
  std::string value;               // FILE, N, ...; empty: a flag
  std::vector<std::string> choices;
  std::string limits;  // "from 1 to 1000", "0 or more"
  std::string byDefault;
  std::string text;
  std::string group;
  std::vector<std::string> excludes;  // names of options
  std::vector<std::string> needs;
  bool rare = false;
  bool repeats = false;  // may be given again, or takes several
  bool required = false;
  bool valueOptional = false;
  int values = 1;  // that one takes
};

struct Paragraph {
  std::string title;  // "Examples", "Exit status", or none
  bool rare = false;
  bool verbatim = false;
  std::vector<std::string> lines;  // of a verbatim one without the two spaces; else one line
};

struct CommandView {
  std::string name;  // "run"
  std::string path;  // "relapse history prune"
  std::string summary;
  std::vector<OptionView> positionals;
  std::vector<OptionView> options;
  std::vector<OptionView> inherited;  // of the commands above, which it takes as well
  std::vector<CommandView> commands;
  std::vector<Paragraph> notes;
  bool needsCommand = false;
  bool hidden = false;
};

// `app` and all commands below it; hidden ones (of no group) when `hidden` is set, hidden options never.
CommandView viewOf(const CLI::App& app, bool hidden = false);

OptionView viewOf(const CLI::Option& option);

// A footer's paragraphs; cli/options.hpp says how it is written.
std::vector<Paragraph> paragraphsOf(const std::string& footer);

// Whether its choices are few enough to stand for its value.
bool choicesShown(const OptionView& option);

// "--kernel SOURCE", "-q, --quiet", "--engine local|slurm", "--resume [NAME]", "SCENARIO...".
std::string spelling(const OptionView& option);

// "relapse run [OPTIONS] [SCENARIO...]".
std::string usageOf(const CommandView& command);

// `text` in lines of at most `width` bytes, where words allow it.
std::vector<std::string> filled(const std::string& text, std::size_t width);

}  // namespace relapse::cli
