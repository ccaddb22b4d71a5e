// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/slurm_queue.hpp"
#include "failure/values.hpp"

namespace relapse::engine {

// An engine's own folder in the shared one; destroying it removes it. It may be seen late by other hosts, and what they
// write be seen late here.
class SlurmFolder {
 public:
  static Result<SlurmFolder> make(const std::filesystem::path& shared, const std::string& name);
  SlurmFolder(SlurmFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  SlurmFolder& operator=(SlurmFolder&&) = delete;
  ~SlurmFolder();

  // A new folder of an array's, with its batch script and the job of each task. Exhausted: no space left.
  Result<std::filesystem::path> addArray(const std::vector<const Job*>& jobs);
  static void remove(const std::filesystem::path& array);

  bool isFull() const;

  // What a task has left up to now. `anew`: also of what this host believes not to be there.
  static Traces tracesOf(const Job& job, const std::filesystem::path& array, int index, bool anew);

 private:
  explicit SlurmFolder(std::filesystem::path path) : path_(std::move(path)) {}

  std::filesystem::path path_;
  int arrays_ = 0;
};

}  // namespace relapse::engine
