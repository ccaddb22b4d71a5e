// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "history/values.hpp"

namespace relapse::history {

// Runs and nights in one SQLite file. Several processes may have it open at once; each call is one transaction.
// Failures: Exhausted (disk full, locked by another process for long), HostLacks (no permission to read and write it),
// BadInput (not a history, damaged, or of a newer relapse; a run or night that its tables refuse; the message says
// which, and what to do). Used by one thread at a time.
class History {
 public:
  // Makes the file and its folder if they are not there, and brings an older one up to date.
  static Result<History> open(const std::filesystem::path& file);
  History(History&&) noexcept;
  History& operator=(History&&) noexcept;
  ~History();

  // A run that is in it already (by id, or by its place in a night) is left as it is: false.
  Result<bool> add(const Run& run);
  Result<void> begin(const Night& night, const std::vector<NightCell>& cells);
  Result<void> notRun(const std::string& night, const std::string& cell, const std::string& why);
  Result<void> judge(const std::string& night, const std::vector<NightCell>& cells);  // flag and words of each
  Result<void> finish(const std::string& night, const std::string& at);

  // Newest first.
  struct Filter {
    std::string scenario = {};
    std::string night = {};
    std::string signature = {};
    std::string verdict = {};
    int limit = 0;  // 0: all
  };
  Result<std::vector<Run>> runs(const Filter& filter) const;
  Result<std::vector<Night>> nights(const std::string& matrix, int limit = 0) const;  // empty matrix: of all
  Result<std::optional<Night>> night(const std::string& id) const;
  Result<std::optional<Night>> unfinished(const std::string& matrix, const std::string& sum) const;
  Result<std::vector<NightCell>> cells(const std::string& night) const;  // in the order of begin()
  Result<std::vector<Signature>> signatures() const;                     // newest lastSeen first

  // Deletes directories of old runs and says so in the rows, which stay. Never the last evidence of a signature.
  // Only directories below `runs` are touched.
  Result<Pruned> prune(const Retention& retention, const std::string& now, const std::filesystem::path& runs,
                       bool dryRun);

  // SQLite's integrity check and the schema's own; BadInput says what is wrong.
  Result<void> check() const;

 private:
  class Database;
  explicit History(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace relapse::history
