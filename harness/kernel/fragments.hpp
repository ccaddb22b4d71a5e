// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"

namespace relapse::kernel {

// One option of a config fragment: CONFIG_NFSD, "y", and where it is asked for.
struct AskedOption {
  std::string name;
  std::string value;  // "n" for "# CONFIG_X is not set"
  std::string place;  // file:line
};

// "CONFIG_X=y" or "# CONFIG_X is not set", without its place; nothing for another line. And back.
std::optional<AskedOption> optionOf(std::string_view line);
std::string optionText(const AskedOption& option);

// The options of fragments, each once, in the order of their last mention; the later wins. Each
// name is NAME.config of `configs`, followed by NAME.LINE.config if there is one; then `extra`.
// BadInput: no such fragment, a line that is none, or a value that a build may not be given (option_value.hpp), all of
// them (up to a hundred) at once.
Result<std::vector<AskedOption>> readFragments(const std::vector<std::string>& names,
                                               const std::vector<std::filesystem::path>& extra,
                                               const std::filesystem::path& configs, const std::string& line);

// As KCONFIG_ALLCONFIG takes them.
std::string fragmentText(const std::vector<AskedOption>& options);

// One line for each option that the kernel's .config did not keep: name, value asked for, what came
// out, and where it is asked for. Empty: all are there.
std::string lostOptions(const std::vector<AskedOption>& options, std::string_view dotConfig);

}  // namespace relapse::kernel
