// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "scenario/values.hpp"

namespace relapse::campaign {

// A kernel of a nightly matrix, as `--kernel`, `--patch` and `--config` take it.
struct MatrixKernel {
  std::string name;
  std::string source;
  std::vector<std::filesystem::path> patches;  // absolute, as are configs
  std::vector<std::filesystem::path> configs;
};

// One combination of a kernel, a scenario and a variant.
struct MatrixCell {
  std::string key;  // "debian-6.1/nfs-wb-page-soft-lockup/v3", unique
  MatrixKernel kernel;
  std::string variant;            // its name, and the cell of the scenario's own matrix; empty: there is neither
  std::vector<std::string> sets;  // KEY=VALUE: the variant's, and the scenario's own matrix's
  scenario::Scenario scenario;    // with them
  int runs = 3;                   // a night
  double priority = 1;            // how much more a run of it is worth than another's
  std::optional<std::string> excluded = {};  // why it is not run
};

// A nightly's file: kernels x scenarios x variants.
struct Matrix {
  std::string name;
  std::string summary;
  std::filesystem::path file;  // absolute
  std::string sum;             // SHA-256 of its text
  std::vector<MatrixCell> cells;
  std::optional<std::chrono::seconds> budget = {};  // none: until all runs are made
  int confirm = 30;                                 // runs at most that may go into the confirmation of a change
  double falseFlags = 0.05;                         // so often a night without a change may be flagged
};

// Where a scenario's name or path leads.
using FindScenario = std::function<Result<std::filesystem::path>(const std::string&)>;

// Reads the file and each scenario with each variant. BadInput: all errors, each with its place. Paths in it are
// relative to it.
Result<Matrix> loadMatrix(const std::filesystem::path& file, const FindScenario& find);

}  // namespace relapse::campaign
