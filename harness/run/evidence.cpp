// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/evidence.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace relapse::run {

namespace fs = std::filesystem;

Result<Evidence> Evidence::begin(const fs::path& state, const std::string& scenario, const std::string& kind) {
  Evidence evidence;
  const fs::path runs = state / kind;
  std::error_code error;
  fs::create_directories(runs, error);
  const std::string stem = fmt::format("{:%Y%m%dT%H%M%SZ}-{}", fmt::gmtime(std::time(nullptr)), scenario);
  for (int number = 1; number < 1000; ++number) {
    evidence.id_ = number == 1 ? stem : fmt::format("{}-{}", stem, number);
    evidence.final_ = runs / evidence.id_;
    evidence.folder_ = runs / (evidence.id_ + ".incomplete");
    if (!fs::exists(evidence.final_) && fs::create_directory(evidence.folder_, error)) return evidence;
    if (error) break;
  }
  return fail(FailureKind::Exhausted,
              fmt::format("{}: {}", evidence.folder_.string(), error ? error.message() : "exists already"));
}

std::ofstream& Evidence::log(const std::string& name) {
  auto& file = logs_[name];
  if (!file.is_open()) file.open(folder_ / name, std::ios::binary | std::ios::app);
  return file;
}

void Evidence::console(const std::string& node, std::string_view bytes) {
  log(fmt::format("console.{}.log", node)) << bytes << std::flush;
}

void Evidence::user(const std::string& node, std::string_view line) {
  log(fmt::format("user.{}.log", node)) << line << '\n' << std::flush;
}

void Evidence::event(std::string_view json) {
  log("events.jsonl") << json << '\n' << std::flush;
}

void Evidence::timeline(std::string_view json) {
  log("timeline.jsonl") << json << '\n' << std::flush;
}

void Evidence::trace(const std::string& node, std::string_view line) {
  log(fmt::format("trace.{}.log", node)) << line << '\n';
}

Result<void> Evidence::write(const std::string& name, std::string_view content) {
  std::ofstream file(folder_ / name, std::ios::binary);
  file << content;
  file.close();
  if (!file) return fail(FailureKind::Exhausted, fmt::format("{}: cannot be written", (folder_ / name).string()));
  return {};
}

std::vector<report::ArtefactFile> Evidence::files(const std::map<std::string, std::string>& sums) const {
  std::vector<report::ArtefactFile> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder_, error), end; entry != end; entry.increment(error)) {
    if (!entry->is_regular_file()) continue;
    const std::string name = entry->path().lexically_relative(folder_);
    const auto sum = sums.find(name);
    files.push_back({name, entry->file_size(), sum == sums.end() ? std::string() : sum->second});
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return files;
}

Result<fs::path> Evidence::keep() {
  for (auto& [name, file] : logs_) {
    file.close();
    if (!file) return fail(FailureKind::Exhausted, fmt::format("{}: cannot be written", (folder_ / name).string()));
  }
  std::error_code error;
  fs::rename(folder_, final_, error);
  if (error) return fail(FailureKind::Exhausted, fmt::format("{}: {}", final_.string(), error.message()));
  const fs::path latest = final_.parent_path() / "latest";
  const fs::path fresh = final_.parent_path() / fmt::format(".latest.{}", getpid());
  fs::create_directory_symlink(final_.filename(), fresh, error);
  fs::rename(fresh, latest, error);
  return final_;
}

void Evidence::abandon() {
  logs_.clear();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace relapse::run
