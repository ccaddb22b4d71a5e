// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/fragments.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "document/errors.hpp"
#include "kernel/disk.hpp"
#include "kernel/option_value.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;
constexpr std::string_view kUnsetEnd = " is not set";
constexpr std::size_t kShownErrors = 100;
constexpr std::uint64_t kMostBytes = 16u << 20;  // a kernel's whole .config has 300 kB

bool isOptionName(std::string_view name) {
  return name.starts_with("CONFIG_") && name.size() > 7 &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
             std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

void readFragment(const fs::path& file, std::vector<AskedOption>& options, std::vector<std::string>& errors) {
  const auto text = readGiven(file, kMostBytes);
  if (!text) return errors.push_back("config fragment " + text.error().message);
  std::istringstream lines(*text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::string place = fmt::format("{}:{}", file.string(), ++number);
    if (auto option = optionOf(line)) {
      option->place = place;
      if (const std::string why = refusalOf(*option); !why.empty()) errors.push_back(fmt::format("{}: {}", place, why));
      options.push_back(std::move(*option));
    } else if (const auto said = trimmed(line); !said.empty() && !said.starts_with('#')) {
      errors.push_back(fmt::format("{}: expected CONFIG_NAME=value or \"# CONFIG_NAME is not set\", found {}", place,
                                   document::quote(said)));
    }
  }
}

// Each once, at its last mention.
void keepLast(std::vector<AskedOption>& options) {
  std::set<std::string> later;
  std::ranges::reverse(options);
  std::erase_if(options, [&](const AskedOption& option) { return !later.insert(option.name).second; });
  std::ranges::reverse(options);
}

// A file that is no fragment has an error a line.
std::string listed(std::vector<std::string> errors) {
  const std::size_t more = errors.size() - std::min(errors.size(), kShownErrors);
  if (more > 0) errors.resize(kShownErrors);
  if (more > 0) errors.push_back(fmt::format("and {} more", more));
  return fmt::format("{}", fmt::join(errors, "\n"));
}

// base.config and debug.6.1.config give "base" and "debug".
std::vector<std::string> namesIn(const fs::path& configs) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(configs, error)) {
    const fs::path stem = entry.path().stem();
    if (entry.path().extension() == ".config" && !stem.has_extension()) names.push_back(stem.string());
  }
  std::ranges::sort(names);
  return names;
}

std::string unknownFragment(const std::string& name, const fs::path& configs) {
  const auto names = namesIn(configs);
  return fmt::format("config fragment: expected one of {} in {}, found \"{}\"{}", fmt::join(names, ", "),
                     configs.string(), name, document::didYouMean(name, {names.begin(), names.end()}));
}

}  // namespace

std::optional<AskedOption> optionOf(std::string_view line) {
  line = trimmed(line);
  if (line.starts_with("# ") && line.ends_with(kUnsetEnd)) {
    const std::string_view name = line.substr(2, line.size() - 2 - kUnsetEnd.size());
    return isOptionName(name) ? std::optional(AskedOption{std::string(name), "n", {}}) : std::nullopt;
  }
  const std::size_t sign = line.find('=');
  if (sign == std::string_view::npos || sign + 1 == line.size() || !isOptionName(line.substr(0, sign)))
    return std::nullopt;
  return AskedOption{std::string(line.substr(0, sign)), std::string(line.substr(sign + 1)), {}};
}

std::string optionText(const AskedOption& option) {
  return option.value == "n" ? fmt::format("# {}{}", option.name, kUnsetEnd)
                             : fmt::format("{}={}", option.name, option.value);
}

Result<std::vector<AskedOption>> readFragments(const std::vector<std::string>& names,
                                               const std::vector<fs::path>& extra, const fs::path& configs,
                                               const std::string& line) {
  std::vector<AskedOption> options;
  std::vector<std::string> errors;
  for (const std::string& name : names) {
    const fs::path file = configs / (name + ".config");
    const fs::path ofLine = configs / (name + "." + line + ".config");
    if (!fs::is_regular_file(file))
      errors.push_back(unknownFragment(name, configs));
    else
      readFragment(file, options, errors);
    if (fs::is_regular_file(ofLine)) readFragment(ofLine, options, errors);
  }
  for (const fs::path& file : extra) {
    if (fs::is_regular_file(file))
      readFragment(file, options, errors);
    else
      errors.push_back(fmt::format("config fragment {}: no such file", file.string()));
  }
  if (!errors.empty()) return fail(FailureKind::BadInput, listed(std::move(errors)));
  keepLast(options);
  return options;
}

std::string fragmentText(const std::vector<AskedOption>& options) {
  std::string text = "# CONFIG_LOCALVERSION_AUTO is not set\n";
  for (const AskedOption& option : options) text += optionText(option) + "\n";
  return text;
}

std::string lostOptions(const std::vector<AskedOption>& options, std::string_view dotConfig) {
  std::map<std::string, std::string> kept;
  std::istringstream lines{std::string(dotConfig)};
  for (std::string line; std::getline(lines, line);)
    if (auto option = optionOf(line)) kept[option->name] = option->value;
  std::vector<std::string> lost;
  for (const AskedOption& option : options) {
    const auto found = kept.find(option.name);
    const std::string value = found == kept.end() ? "n" : found->second;
    if (value == option.value) continue;
    const std::string outcome = found == kept.end()
                                    ? "it is not there (unknown to this source, or a dependency is missing)"
                                : value == "n" ? "it is not set (a dependency is missing)"
                                               : fmt::format("it is {} (something else selects it)", value);
    lost.push_back(fmt::format("{}: {}: expected {}, but in the kernel's .config {}", option.place, option.name,
                               option.value, outcome));
  }
  return fmt::format("{}", fmt::join(lost, "\n"));
}

}  // namespace relapse::kernel
