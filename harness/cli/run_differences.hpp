// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"
#include "run/outcome.hpp"

namespace relapse::cli {

// One run as it lies in its directory, for a comparison with another.
struct KeptRun {
  run::Outcome outcome;
  std::string scenario;                // with its cell
  std::vector<std::string> overrides;  // --set
  std::string kernel;                  // source, release, build-id
  std::string serverKernel;            // empty: the server has none of its own
  std::vector<std::string> patches;    // name and sum of each
  std::string config;                  // the kernel's, as text; empty: there is none
};

// `result` is a result.json. BadInput: it is none.
Result<KeptRun> readRun(std::string_view result, std::string config);

// Of a run's directory, or its bundle inside one. BadInput: there is no run in it.
Result<KeptRun> readRun(const std::filesystem::path& directory);

struct RunDifferences {
  bool differ = false;  // verdict or signature
  KeptRun one;
  KeptRun other;
  std::vector<run::Difference> differences;
  std::vector<run::Difference> times;  // of stages that only one has, or that took much longer in one
};

// What differs in verdict, signature and events, and in what went into the runs. Pure.
RunDifferences differencesOf(const KeptRun& one, const KeptRun& other);

std::string differencesText(const RunDifferences& all);
std::string differencesJson(const RunDifferences& all);

}  // namespace relapse::cli
