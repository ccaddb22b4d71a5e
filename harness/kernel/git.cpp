// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/git.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace relapse::kernel {

namespace {

constexpr std::size_t kMostPrinted = std::size_t{256} << 20;

}  // namespace

Result<process::Output> runGit(std::vector<std::string> words, const GitOptions& options) {
  const std::string asked = fmt::format("git {}", words.empty() ? "" : words.front());
  process::Command command{.argv = {"git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c",
                                    "core.autocrlf=false", "-c", "core.hooksPath=/dev/null"},
                           .directory = options.directory};
  std::ranges::move(words, std::back_inserter(command.argv));
  command.environment = {{"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_CONFIG_GLOBAL", "/dev/null"}, {"GIT_OPTIONAL_LOCKS", "0"}};
  command.unset = {"GIT_DIR",       "GIT_WORK_TREE",        "GIT_INDEX_FILE",
                   "GIT_PREFIX",    "GIT_OBJECT_DIRECTORY", "GIT_CEILING_DIRECTORIES",
                   "GIT_NAMESPACE", "GIT_EXTERNAL_DIFF"};
  if (!options.ceiling.empty()) command.environment["GIT_CEILING_DIRECTORIES"] = options.ceiling.string();
  if (!options.index.empty()) command.environment["GIT_INDEX_FILE"] = options.index.string();
  auto output = process::run(command, {.stop = options.stop, .keepBytes = kMostPrinted});
  if (output && output->standardOutput.size() >= kMostPrinted)
    return fail(FailureKind::Exhausted, fmt::format("{} printed more than {} MiB", asked, kMostPrinted >> 20));
  return output;
}

std::vector<std::string> splitAtNull(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// "ADDED<tab>REMOVED<tab>PATH<null>"
std::vector<std::string> pathsOfNumstat(std::string_view text) {
  std::vector<std::string> paths;
  for (const std::string& part : splitAtNull(text)) {
    const std::size_t tab = part.find('\t');
    const std::size_t second = tab == std::string::npos ? tab : part.find('\t', tab + 1);
    if (second != std::string::npos) paths.push_back(part.substr(second + 1));
  }
  return paths;
}

}  // namespace relapse::kernel
