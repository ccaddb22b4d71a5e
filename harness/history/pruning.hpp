// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "history/values.hpp"

namespace relapse::history {

// What prune() knows of a run's directory.
enum class Standing {
  Here,     // below the folder of runs, a directory
  Gone,     // there is nothing any more
  Foreign,  // somewhere else, or reached through a symbolic link or `..`: never touched
};

// Which runs' directories the retention gives free. `runs` are newest first, each with its `standing`; `now` is
// BadInput unless it is a time. Only Here is ever given free; what is Gone keeps nothing else from being kept. Pure.
Result<std::vector<std::size_t>> givenFree(const std::vector<Run>& runs, const std::vector<Standing>& standing,
                                           const Retention& retention, const std::string& now);

// The folder that runs' directories lie in.
class Folder {
 public:
  explicit Folder(const std::filesystem::path& runs);

  Standing standing(const std::filesystem::path& directory) const;
  std::filesystem::path real(const std::filesystem::path& directory) const;  // of one that is Here

  // How much of the disk comes back: blocks of files that have no other name. Exact for sparse dumps.
  std::uint64_t size(const std::filesystem::path& directory) const;
  Pruned measured(const std::vector<Run>& runs, const std::vector<std::size_t>& places) const;

  // Renames it first, so that half a run is never seen under a run's name. HostLacks: no permission.
  Result<std::uint64_t> remove(const std::filesystem::path& directory) const;
  void removeLeftovers() const;  // of a removal that was killed

 private:
  std::filesystem::path runs_;  // without symbolic links; empty: it is not there
};

struct PruningPlan {
  std::vector<std::size_t> remove;  // places in `runs`
  std::vector<std::size_t> gone;    // their directories are not there any more
};

// givenFree(), less what holds or is the directory of a run that stays.
Result<PruningPlan> planPruning(const std::vector<Run>& runs, const Retention& retention, const std::string& now,
                                const Folder& folder);

}  // namespace relapse::history
