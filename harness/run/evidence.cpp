// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/evidence.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace relapse::run {

namespace fs = std::filesystem;

namespace {

constexpr const char* kElsewhere = "make room, or keep runs elsewhere with --state-dir";

Failure cannotBegin(const fs::path& folder, const std::error_code& error) {
  const bool full = error == std::errc::no_space_on_device || error.value() == EDQUOT;
  return {full ? FailureKind::Exhausted : FailureKind::HostLacks,
          fmt::format("no folder for this run can be made: {}: {}", folder.string(), error.message()), kElsewhere};
}

}  // namespace

Result<Evidence> Evidence::begin(const fs::path& state, const std::string& scenario, const std::string& kind) {
  Evidence evidence;
  const fs::path runs = state / kind;
  std::error_code error;
  fs::create_directories(runs, error);
  if (error) return passOn(cannotBegin(runs, error));
  const std::string stem = fmt::format("{:%Y%m%dT%H%M%SZ}-{}", fmt::gmtime(std::time(nullptr)), scenario);
  for (int number = 1; number < 1000; ++number) {
    evidence.id_ = number == 1 ? stem : fmt::format("{}-{}", stem, number);
    evidence.final_ = runs / evidence.id_;
    evidence.folder_ = runs / (evidence.id_ + ".incomplete");
    if (!fs::exists(evidence.final_) && fs::create_directory(evidence.folder_, error)) {
      auto owner = process::Ownership::take(evidence.folder_);
      if (!owner) {
        fs::remove_all(evidence.folder_, error);
        return passOn(owner.error());
      }
      evidence.owner_ = std::move(*owner);
      return evidence;
    }
    if (error) break;
  }
  return passOn(cannotBegin(evidence.folder_, error ? error : std::make_error_code(std::errc::file_exists)));
}

BoundedLog& Evidence::log(const std::string& name) {
  return logs_.try_emplace(name, folder_ / name).first->second;
}

void Evidence::console(const std::string& node, std::string_view bytes) {
  log(fmt::format("console.{}.log", node)).append(bytes);
}

void Evidence::user(const std::string& node, std::string_view line) {
  log(fmt::format("user.{}.log", node)).append(fmt::format("{}\n", line));
}

void Evidence::event(std::string_view json) {
  log("events.jsonl").append(fmt::format("{}\n", json));
}

void Evidence::timeline(std::string_view json) {
  log("timeline.jsonl").append(fmt::format("{}\n", json));
}

void Evidence::trace(const std::string& node, std::string_view line) {
  log(fmt::format("trace.{}.log", node)).append(fmt::format("{}\n", line));
}

Result<void> Evidence::write(const std::string& name, std::string_view content) {
  errno = 0;
  std::ofstream file(folder_ / name, std::ios::binary);
  file << content;
  file.close();
  const int why = errno;
  if (!file)
    return fail(FailureKind::Exhausted,
                fmt::format("{}: cannot be written: {}; what there is of this run stays in its folder",
                            (folder_ / name).string(), std::generic_category().message(why != 0 ? why : EIO)),
                kElsewhere);
  return {};
}

std::vector<report::ArtefactFile> Evidence::files(const std::map<std::string, std::string>& sums) const {
  std::vector<report::ArtefactFile> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder_, error), end; entry != end; entry.increment(error)) {
    if (!entry->is_regular_file() || entry->path().filename() == process::kOwnerFile) continue;
    const std::string name = entry->path().lexically_relative(folder_);
    const auto sum = sums.find(name);
    files.push_back({name, entry->file_size(), sum == sums.end() ? std::string() : sum->second});
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return files;
}

Result<void> Evidence::closeLogs() {
  Result<void> closed;
  for (auto& [name, log] : std::exchange(logs_, {}))
    if (auto done = log.finish(); !done && closed) closed = passOn(done.error());
  return closed;
}

Result<fs::path> Evidence::keep() {
  if (auto closed = closeLogs(); !closed) return passOn(closed.error());
  owner_->giveUp();
  std::error_code error;
  fs::rename(folder_, final_, error);
  if (error) return fail(FailureKind::Exhausted, fmt::format("{}: {}", final_.string(), error.message()));
  const fs::path latest = final_.parent_path() / "latest";
  const fs::path fresh = final_.parent_path() / fmt::format(".latest.{}", getpid());
  fs::remove(fresh, error);
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
