// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/evidence.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace relapse::run {
namespace {

namespace fs = std::filesystem;

Result<void> copyFile(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (!error) return {};
  std::error_code ignored;
  fs::remove(to, ignored);  // what is there of it takes the space that the rest of the evidence needs
  return fail(FailureKind::Exhausted, fmt::format("{}: {}", to.string(), error.message()));
}

// A link costs nothing, and the kernel cache never changes a file in place. A user may.
Result<void> linkOrCopy(const fs::path& from, const fs::path& to, bool cached) {
  std::error_code error;
  if (cached) fs::create_hard_link(from, to, error);
  return !cached || error ? copyFile(from, to) : Result<void>();
}

Result<void> bundleModules(const fs::path& from, const fs::path& to, bool cached) {
  std::error_code error;
  fs::create_directories(to, error);
  for (fs::directory_iterator entry(from, error), end; entry != end; entry.increment(error))
    if (entry->path().extension() == ".ko")
      if (auto done = linkOrCopy(entry->path(), to / entry->path().filename(), cached); !done) return done;
  if (error) return fail(FailureKind::Exhausted, fmt::format("{}: {}", from.string(), error.message()));
  return {};
}

}  // namespace

Result<Evidence> Evidence::begin(const fs::path& state, const std::string& scenario) {
  Evidence evidence;
  const fs::path runs = state / "runs";
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

Result<void> Evidence::write(const std::string& name, std::string_view content) {
  std::ofstream file(folder_ / name, std::ios::binary);
  file << content;
  file.close();
  if (!file) return fail(FailureKind::Exhausted, fmt::format("{}: cannot be written", (folder_ / name).string()));
  return {};
}

Result<void> Evidence::bundle(const RunRequest& request, const report::RunRecord& record,
                              const std::string& domainXml) {
  const fs::path target = folder_ / "bundle";
  std::error_code error;
  fs::create_directories(target / "series", error);
  const bool cached = !record.kernel.key.empty();
  if (auto done = copyFile(request.scenario.file, target / "scenario.yaml"); !done) return done;
  if (auto done = linkOrCopy(record.kernel.image, target / "Image", cached); !done) return done;
  if (auto done = linkOrCopy(record.kernel.vmlinux, target / "vmlinux", cached); !done) return done;
  if (!record.kernel.config.empty())
    if (auto done = copyFile(record.kernel.config, target / "config"); !done) return done;
  if (!record.kernel.modules.empty())
    if (auto done = bundleModules(record.kernel.modules, target / "modules", cached); !done) return done;
  int number = 0;
  std::string series;
  for (const auto& patch : record.kernel.patches) {
    const std::string name = fmt::format("{:04}-{}", ++number, patch.file.filename().string());
    if (auto done = copyFile(patch.file, target / "series" / name); !done) return done;
    series += (patch.alreadyInSource ? "# already in the source: " : "") + name + "\n";
  }
  if (auto done = write("bundle/series/series", series); !done) return done;
  if (auto done = write("bundle/overrides", fmt::format("{}\n", fmt::join(request.overrides, "\n"))); !done)
    return done;
  if (auto done = write("bundle/build-id", record.kernel.buildId + "\n"); !done) return done;
  if (auto done = write("bundle/versions", record.toolVersions + "\n"); !done) return done;
  return write("bundle/domain.xml", domainXml);
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
