// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/config_difference.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "kernel/disk.hpp"
#include "kernel/fragments.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;

Result<std::map<std::string, std::string>> optionsOf(const fs::path& file) try {
  const auto options = readFragments({}, {file}, {}, {});
  if (!options) return passOn(options.error());
  std::map<std::string, std::string> values;
  for (const AskedOption& option : *options) values[option.name] = option.value;
  return values;
} catch (const fs::filesystem_error& error) {
  return fail(FailureKind::BadInput, fmt::format("{}: {}", file.string(), error.code().message()));
}

// What a changed option's line becomes: empty when the bad fragment does not ask for it.
std::string lineAsBad(const DifferentOption& option) {
  return option.bad.empty() ? std::string() : optionText({option.name, option.bad, {}}) + "\n";
}

// The lines of a text, with their ends; the last has one even where it had none.
std::vector<std::string> wholeLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(std::string(text.substr(0, end)) + "\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

Result<std::vector<DifferentOption>> configDifference(const fs::path& good, const fs::path& bad) {
  const auto ofGood = optionsOf(good);
  if (!ofGood) return passOn(ofGood.error());
  const auto ofBad = optionsOf(bad);
  if (!ofBad) return passOn(ofBad.error());
  std::map<std::string, DifferentOption> options;
  for (const auto& [name, value] : *ofGood) options[name] = {name, value, {}};
  for (const auto& [name, value] : *ofBad)
    options.try_emplace(name, DifferentOption{name, {}, {}}).first->second.bad = value;
  std::vector<DifferentOption> different;
  for (auto& [name, option] : options)
    if (option.good != option.bad) different.push_back(std::move(option));
  if (!different.empty()) return different;
  return fail(FailureKind::BadInput,
              fmt::format("{} and {} ask for the same options alike: there is no difference to look into",
                          good.string(), bad.string()));
}

Result<std::string> mixedFragment(const fs::path& good, const std::vector<DifferentOption>& changed) try {
  if (auto read = optionsOf(good); !read) return passOn(read.error());
  std::map<std::string, std::string> left;  // the changed ones that have no place in the text yet
  for (const DifferentOption& option : changed) left[option.name] = lineAsBad(option);
  const auto all = left;
  std::string text;
  for (const std::string& line : wholeLines(readFile(good))) {
    const auto option = optionOf(line.substr(0, line.size() - 1));
    if (!option || !all.contains(option->name))
      text += line;
    else if (const auto node = left.extract(option->name))
      text += node.mapped();
  }
  for (const auto& [name, line] : left) text += line;
  return text;
} catch (const fs::filesystem_error& error) {
  return fail(FailureKind::BadInput, fmt::format("{}: {}", good.string(), error.code().message()));
}

}  // namespace relapse::kernel
