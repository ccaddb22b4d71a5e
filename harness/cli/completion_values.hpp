// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "cli/command_tree.hpp"

namespace relapse::cli {

// What a shell offers for a value: the words of `relapse words KIND`, and files or folders beside them.
struct Offer {
  std::string words;
  bool files = false;
  bool folders = false;
  bool list = false;  // words between commas
};
Offer offerFor(const OptionView& option);

// One command as a script sees it: "history prune", and all options that it takes, those of the commands above too.
struct Place {
  std::string path;   // without relapse; of relapse itself empty
  std::string above;  // of a command of a command: "history"
  const CommandView* command = nullptr;
  std::vector<OptionView> options;
};
std::vector<Place> placesOf(const CommandView& root);

// In single quotes, for sh and zsh.
std::string quoted(const std::string& text);

}  // namespace relapse::cli
