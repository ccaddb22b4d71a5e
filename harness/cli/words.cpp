// SPDX-License-Identifier: GPL-2.0-or-later
// What a shell offers for a word of the command line.
#include <algorithm>

#include <fmt/format.h>

#include "cli/command_tree.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/places.hpp"
#include "kernel/source_list.hpp"
#include "scenario/scenario.hpp"
#include "scenario/vocabulary.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostRuns = 30;

void offer(const std::string& word, const std::string& meaning) {
  fmt::print("{}\t{}\n", word, meaning);
}

void offerScenarios() {
  for (const auto& file : allScenarios()) {
    const auto scenario = scenario::load(file);
    offer(file.stem(), scenario ? scenario->summary : "");
  }
}

// The latest first.
void offerRuns(const fs::path& state) {
  offer("latest", "the last run");
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(state / "runs", error), end; !error && entry != end; entry.increment(error))
    if (entry->is_directory(error) && entry->path().filename().string().front() != '.' &&
        entry->path().filename() != "latest")
      names.push_back(entry->path().filename());
  std::sort(names.rbegin(), names.rend());
  if (names.size() > kMostRuns) names.resize(kMostRuns);
  for (const auto& name : names) offer(name, "");
}

void offerKernels(const fs::path& configs) {
  const auto sources = kernel::loadSources(configs / "sources.yaml");
  if (!sources) return;
  for (const auto& [name, source] : *sources)
    offer(name, std::holds_alternative<kernel::UrlSource>(source) ? "a tarball" : "a Debian package");
}

void offerCommands() {
  CLI::App app;
  Arguments ignored;
  describe(app, ignored);
  for (const auto& command : viewOf(app).commands) offer(command.name, command.summary);
}

}  // namespace

int wordsCommand(const std::string& kind, const Common& common) {
  const auto where = places(common.stateDir);
  if (kind == "scenario") offerScenarios();
  if (kind == "run") offerRuns(where.state);
  if (kind == "kernel") offerKernels(where.configs);
  if (kind == "event")
    for (const auto name : scenario::eventNames()) offer(std::string(name), "");
  if (kind == "command") offerCommands();
  return 0;
}

}  // namespace relapse::cli
