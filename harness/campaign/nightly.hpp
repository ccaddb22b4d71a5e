// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "campaign/matrix.hpp"
#include "engine/engine.hpp"
#include "engine/values.hpp"
#include "failure/values.hpp"
#include "history/history.hpp"
#include "report/night.hpp"

namespace relapse::campaign {

// A job that makes one run, or one kernel, and leaves a RunFile (a kernel's is a run without a verdict). Its name, its
// files and `--result FILE` at the end of its command are filled in by nightly().
using JobFor = std::function<engine::Job(const MatrixCell&, std::uint64_t seed)>;

// Why a cell was not run that there was no time for.
inline constexpr const char* kBudgetSpent = "the budget was spent";

// What happens, for whoever shows it.
struct NightEvent {
  enum class What { Kernel, Run, Again, NotRun, Suspected };
  What what = What::Run;
  const MatrixCell* cell = nullptr;
  std::string text;      // in words
  std::size_t done = 0;  // runs so far, and that there will be as far as is known
  std::size_t total = 0;
};

struct NightlySetup {
  const Matrix& matrix;
  history::Night night;          // in the history already, not finished
  std::filesystem::path folder;  // its own; exists
  JobFor runJob;
  JobFor buildJob;
  std::stop_token stop;
  std::function<void(const NightEvent&)> observer;
  std::string relapse;  // version, for the report
  // Keeps the report. The night is finished when it is kept: one that could not be is gone on with, and loses nothing.
  std::function<Result<void>(const report::NightReport&)> keep = {};
};

// Makes the runs of a night that are not in the history yet, and judges it. A process that dies may be followed by
// another with the same night: its runs that ended are kept, each once, and the others are made again. Failures:
// Cancelled (the night can be gone on with, and so it can after all others), those of the history and of the engine.
Result<report::NightReport> nightly(const NightlySetup& setup, history::History& history, engine::Engine& engine);

// "20261128T160000Z-NAME", now.
std::string nightId(const std::string& matrix);

}  // namespace relapse::campaign
