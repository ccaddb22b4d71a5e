// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/places.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "document/errors.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

fs::path folder(const char* variable, const char* asRoot, const char* belowHome) {
  if (const auto set = environment(variable); !set.empty()) return fs::absolute(set) / "relapse";
  if (geteuid() == 0) return asRoot;
  const auto home = environment("HOME");
  return (home.empty() ? fs::path("/tmp") : fs::path(home)) / belowHome / "relapse";
}

// What comes with the program: in share/relapse beside bin/, where it was installed; else where it was built.
struct Shipped {
  fs::path data;
  fs::path guest;
  fs::path inspection;
};

const Shipped& shipped() {
  static const Shipped found = [] {
    const fs::path installed = executable().parent_path().parent_path() / "share/relapse";
    std::error_code error;
    if (fs::is_directory(installed, error)) return Shipped{installed, installed / "guest", installed / "inspection"};
    return Shipped{RELAPSE_SOURCE_DIR, fs::path(RELAPSE_BINARY_DIR) / "guest",
                   fs::path(RELAPSE_SOURCE_DIR) / "harness/postmortem/inspection"};
  }();
  return found;
}

fs::path dataFolder() {
  const auto set = environment("RELAPSE_DATA_DIR");
  return set.empty() ? shipped().data : fs::absolute(set);
}

std::string notAScenario(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return fmt::format("{} is a folder; expected a scenario's file", path);
  return fmt::format("{}: expected a scenario's file, found no such file", path);
}

}  // namespace

fs::path executable() {
  std::error_code error;
  const auto path = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path("relapse") : path;
}

run::Places places(const fs::path& stateDir) {
  run::Places places;
  places.cache = folder("XDG_CACHE_HOME", "/var/cache/relapse", ".cache");
  places.state = folder("XDG_STATE_HOME", "/var/lib/relapse", ".local/state");
  if (!stateDir.empty()) {
    places.cache = fs::absolute(stateDir) / "cache";
    places.state = fs::absolute(stateDir) / "state";
  }
  places.configs = dataFolder() / "kernel-configs";
  places.guestScripts = dataFolder() / "guest-scripts";
  places.inspection = inspectionScript();
  places.guestOverlay = shipped().guest;
  return places;
}

fs::path inspectionScript() {
  return shipped().inspection / "main.py";
}

fs::path scenariosFolder() {
  return dataFolder() / "scenarios";
}

std::vector<fs::path> allScenarios() {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(scenariosFolder(), error), end; entry != end; entry.increment(error))
    if (entry->path().extension() == ".yaml") files.push_back(entry->path());
  std::sort(files.begin(), files.end());
  return files;
}

Result<fs::path> findScenario(const std::string& nameOrPath) {
  std::error_code error;
  if (fs::is_regular_file(nameOrPath, error)) return fs::absolute(nameOrPath);
  const bool isPath = nameOrPath.find('/') != std::string::npos || nameOrPath.ends_with(".yaml");
  fs::path named = scenariosFolder() / (nameOrPath + ".yaml");
  if (!isPath && fs::is_regular_file(named, error)) return named;
  if (isPath) return fail(FailureKind::BadInput, notAScenario(nameOrPath), "relapse list");
  std::vector<std::string> names;
  for (const auto& file : allScenarios()) names.push_back(file.stem());
  if (names.empty())
    return fail(FailureKind::HostLacks, fmt::format("there are no scenarios in {}", scenariosFolder().string()),
                "install relapse again, or set RELAPSE_DATA_DIR to a checkout of it");
  return fail(FailureKind::BadInput,
              fmt::format("expected a scenario file or one of {}, found \"{}\"{}", fmt::join(names, ", "), nameOrPath,
                          document::didYouMean(nameOrPath, {names.begin(), names.end()})),
              "relapse list");
}

fs::path historyFile(const fs::path& state) {
  return state / "history.db";
}

}  // namespace relapse::cli
