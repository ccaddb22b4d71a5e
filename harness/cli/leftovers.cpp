// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/leftovers.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include <fmt/format.h>

#include "guest/guest_host.hpp"
#include "guest/supervisor.hpp"
#include "process/file_age.hpp"
#include "process/scratch.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kSurelyDead = 24h;  // of what has no owner that could be asked

bool isOld(const fs::path& path) {
  const auto age = process::ageOf(path);
  return age && *age >= kSurelyDead;
}

void addAbandoned(const fs::path& parent, const std::string& what, std::vector<Leftover>& found) {
  for (auto& left : process::abandonedIn(parent)) found.push_back({what, left.folder, std::move(left.lock)});
}

// Of a relapse from before runs had an owner.
void addOldRuns(const fs::path& runs, std::vector<Leftover>& found) {
  std::error_code error;
  for (fs::directory_iterator entry(runs, error), end; !error && entry != end; entry.increment(error)) {
    const bool owned = fs::exists(entry->path() / process::kOwnerFile);
    if (entry->path().extension() == ".incomplete" && !owned && isOld(entry->path()))
      found.push_back({"a run", entry->path()});
  }
}

// "root-1a2b.cpio.1234.part", ".new-1234-0-record", ".latest.1234", or a scratch folder of before those had an owner.
bool isDraft(const fs::path& path) {
  const std::string name = path.filename();
  if (name.starts_with(".new-") || name.starts_with(".latest.")) return true;
  if (name.starts_with(".scratch-")) return !fs::exists(path / process::kOwnerFile);
  if (!name.ends_with(".part")) return false;
  const fs::path process = fs::path(name).stem().extension();
  const std::string digits = process.string().substr(process.empty() ? 0 : 1);
  return !digits.empty() && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
}

void addDrafts(const fs::path& folder, std::vector<Leftover>& found) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (isDraft(entry->path()) && isOld(entry->path())) found.push_back({"half a file", entry->path()});
}

std::vector<fs::path> below(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (entry->is_directory()) folders.push_back(entry->path());
  return folders;
}

}  // namespace

std::vector<Leftover> leftovers(const run::Places& places) {
  std::vector<Leftover> found;
  std::error_code error;
  addAbandoned(guest::hostRoots(), "guests", found);
  if (const fs::path scratch = fs::temp_directory_path(error); scratch != guest::hostRoots())
    addAbandoned(scratch, "scratch files", found);
  for (const char* kind : {"runs", "shells"}) {
    addAbandoned(places.state / kind, "a run", found);
    addOldRuns(places.state / kind, found);
    addDrafts(places.state / kind, found);
  }
  addAbandoned(places.cache, "scratch files", found);
  for (const auto& folder : below(places.cache)) {
    addAbandoned(folder, "scratch files", found);
    addDrafts(folder, found);
  }
  for (const auto& tree : below(places.cache / "trees")) {
    addAbandoned(tree, "scratch files", found);
    addDrafts(tree, found);
  }
  std::ranges::sort(found, {}, &Leftover::path);
  return found;
}

Result<void> cleanUp(const Leftover& leftover) {
  guest::killGuestsOf(leftover.path);
  std::error_code error;
  fs::remove_all(leftover.path, error);
  if (error)
    return fail(FailureKind::HostLacks, fmt::format("{}: {}", leftover.path.string(), error.message()),
                "remove it yourself");
  return {};
}

}  // namespace relapse::cli
