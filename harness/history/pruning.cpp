// SPDX-License-Identifier: GPL-2.0-or-later
#include "history/pruning.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace relapse::history {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLeftover = ".pruned";  // a hidden name's end; a run's begins with its time

// Seconds since 1970 of "2026-11-28T16:00:00Z".
std::optional<std::int64_t> secondsOf(const std::string& time) {
  std::tm parts{};
  const char* end = strptime(time.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return timegm(&parts);
}

// Counts down how many of a group still are to be kept.
template <class Key>
class Quota {
 public:
  explicit Quota(int each) : each_(each) {}
  bool take(const Key& key) { return ++taken_[key] <= each_; }

 private:
  int each_;
  std::map<Key, int> taken_;
};

bool hasDots(const fs::path& path) {
  return std::ranges::any_of(path, [](const fs::path& part) { return part == "." || part == ".."; });
}

}  // namespace

Result<std::vector<std::size_t>> givenFree(const std::vector<Run>& runs, const std::vector<Standing>& standing,
                                           const Retention& retention, const std::string& now) {
  const auto today = secondsOf(now);
  if (!today)
    return fail(FailureKind::BadInput, fmt::format("expected a time such as 2026-11-28T16:00:00Z, found \"{}\"", now));
  const std::int64_t limit = *today - std::int64_t{std::max(0, retention.days)} * 24 * 60 * 60;
  Quota<std::string> signatures(std::max(1, retention.perSignature));  // the last evidence is never given free
  Quota<std::pair<std::string, std::string>> cells(retention.perCell);
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto& run = runs[i];
    if (standing[i] == Standing::Gone) continue;
    const auto started = secondsOf(run.startedAt);
    const bool young = !started || *started > limit;
    const bool evidence = run.evidence && !run.signature.empty() && signatures.take(run.signature);
    const bool latest = cells.take({run.scenario, run.cell});
    if (standing[i] == Standing::Here && !young && !evidence && !latest) free.push_back(i);
  }
  return free;
}

namespace {

// Another process may be removing the same leftover: what is gone under one's hands is gone.
void removeWhole(const fs::path& directory, std::error_code& error) {
  constexpr int kRounds = 100;
  for (int round = 0; round < kRounds; ++round) {
    fs::remove_all(directory, error);
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(directory, ignored))) return error.clear();
    if (error && error != std::errc::no_such_file_or_directory && error != std::errc::directory_not_empty) return;
  }
}

}  // namespace

Folder::Folder(const fs::path& runs) {
  std::error_code error;
  runs_ = fs::canonical(runs, error);
}

Standing Folder::standing(const fs::path& directory) const {
  std::error_code error;
  const auto status = fs::symlink_status(directory, error);
  // Without the folder nothing is known: its disk may only not be mounted.
  if (status.type() == fs::file_type::not_found) return runs_.empty() ? Standing::Foreign : Standing::Gone;
  if (status.type() != fs::file_type::directory || runs_.empty() || !directory.is_absolute() || hasDots(directory))
    return Standing::Foreign;
  // Upwards to the folder itself, which alone may be reached through links.
  for (auto path = directory; path.has_relative_path(); path = path.parent_path()) {
    if (path != directory && fs::canonical(path, error) == runs_) return Standing::Here;
    if (fs::is_symlink(fs::symlink_status(path, error))) return Standing::Foreign;
  }
  return Standing::Foreign;
}

fs::path Folder::real(const fs::path& directory) const {
  std::error_code error;
  return fs::canonical(directory, error);
}

std::uint64_t Folder::size(const fs::path& directory) const {
  constexpr std::uint64_t kBlock = 512;  // of st_blocks, whatever the file system's is
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; entry != end; entry.increment(error)) {
    struct stat status {};
    if (lstat(entry->path().c_str(), &status) != 0) continue;
    if (S_ISDIR(status.st_mode) || status.st_nlink == 1) bytes += static_cast<std::uint64_t>(status.st_blocks) * kBlock;
  }
  return bytes;
}

Pruned Folder::measured(const std::vector<Run>& runs, const std::vector<std::size_t>& places) const {
  Pruned pruned;
  for (const auto place : places) {
    pruned.directories.push_back(runs[place].directory);
    pruned.bytes += size(runs[place].directory);
  }
  return pruned;
}

Result<std::uint64_t> Folder::remove(const fs::path& directory) const {
  const auto failed = [&](const std::error_code& error) {
    return fail(FailureKind::HostLacks, fmt::format("{}: cannot be removed: {}", directory.string(), error.message()),
                "remove it yourself, or give yourself write access to its folder");
  };
  if (standing(directory) != Standing::Here) return 0;  // it was taken away or replaced since it was looked at
  const std::uint64_t bytes = size(directory);
  const fs::path aside = directory.parent_path() / ("." + directory.filename().string() + kLeftover);
  std::error_code error;
  fs::remove_all(aside, error);
  fs::rename(directory, aside, error);
  if (error == std::errc::no_such_file_or_directory) return 0;
  if (error) return failed(error);
  removeWhole(aside, error);
  if (error) return failed(error);
  return bytes;
}

void Folder::removeLeftovers() const {
  std::error_code error;
  std::vector<fs::path> leftovers;
  for (fs::directory_iterator entry(runs_, error), end; entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (name.starts_with('.') && name.ends_with(kLeftover)) leftovers.push_back(entry->path());
  }
  for (const auto& leftover : leftovers) fs::remove_all(leftover, error);
}

Result<PruningPlan> planPruning(const std::vector<Run>& runs, const Retention& retention, const std::string& now,
                                const Folder& folder) {
  std::vector<Standing> standing;
  for (const auto& run : runs) standing.push_back(folder.standing(run.directory));
  auto free = givenFree(runs, standing, retention, now);
  if (!free) return passOn(free.error());
  const std::set<std::size_t> isFree(free->begin(), free->end());
  PruningPlan plan;
  std::set<std::string> kept;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (standing[i] == Standing::Gone) plan.gone.push_back(i);
    if (standing[i] == Standing::Here && !isFree.contains(i)) kept.insert(folder.real(runs[i].directory).string());
  }
  for (const auto place : *free) {
    const std::string real = folder.real(runs[place].directory).string();
    const auto within = kept.lower_bound(real + "/");
    if (!kept.contains(real) && (within == kept.end() || !within->starts_with(real + "/")))
      plan.remove.push_back(place);
  }
  return plan;
}

}  // namespace relapse::history
