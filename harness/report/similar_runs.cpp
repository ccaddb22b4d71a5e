// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/similar_runs.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "report/json_parts.hpp"
#include "report/run_files.hpp"
#include "statistics/rates.hpp"

namespace relapse::report {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// From the guest's start to the end of the watch.
milliseconds watched(const Json& result) {
  milliseconds sum{0};
  for (const auto& stage : listOf(result, "stages")) {
    const std::string name = textOf(stage, "stage");
    const bool inGuest = name == "boot" || name == "mount" || name == "workload" || name == "watch";
    if (inGuest) sum += milliseconds(wholeOf(stage, "ms").value_or(0));
  }
  return sum;
}

bool shows(const Json& verdict) {
  const std::string word = textOf(verdict, "word");
  return textOf(verdict, "expected") == "survived" ? word != "survived" : word == "reproduced";
}

std::string kernelKey(const Json& result) {
  const Json& kernel = part(result, "kernel");
  const std::string key = textOf(kernel, "key");
  return key.empty() ? textOf(kernel, "image_sha256") : key;
}

Json resultOf(const fs::path& folder) {
  std::ifstream in(folder / "result.json", std::ios::binary);
  return Json::parse(in, nullptr, false);
}

std::vector<fs::path> foldersBeside(const fs::path& folder) {
  std::vector<fs::path> all;
  std::error_code error;
  for (fs::directory_iterator entry(folder.parent_path(), error), end; !error && entry != end; entry.increment(error))
    if (!entry->is_symlink() && entry->is_directory() && entry->path().extension() != ".incomplete")
      all.push_back(entry->path());
  std::ranges::sort(all, std::greater());  // their names begin with their time
  if (all.size() > kMostSimilar) all.resize(kMostSimilar);
  return all;
}

}  // namespace

bool alike(const Json& one, const Json& other) {
  const Json& scenario = part(one, "scenario");
  const Json& otherScenario = part(other, "scenario");
  return !kernelKey(one).empty() && kernelKey(one) == kernelKey(other) &&
         std::ranges::all_of(std::initializer_list<const char*>{"name", "overrides", "cell"},
                             [&](const char* key) { return part(scenario, key) == part(otherScenario, key); });
}

Rate rateOf(std::span<const Json> results) {
  Rate rate;
  for (const auto& result : results) {
    const Json& verdict = part(result, "verdict");
    const std::string word = textOf(verdict, "word");
    if (word != "reproduced" && word != "survived" && word != "other-failure") {
      ++rate.inconclusive;
      continue;
    }
    ++rate.runs;
    if (!shows(verdict)) {
      rate.without.push_back(watched(result));
      continue;
    }
    ++rate.hits;
    const auto at = wholeOf(decisiveEvent(result), "at_ms");
    rate.toEvent.push_back(at ? milliseconds(*at) : watched(result));
  }
  const auto interval = statistics::clopperPearson({rate.hits, rate.runs});
  rate.low = interval.low;
  rate.high = interval.high;
  return rate;
}

std::optional<Rate> rateBeside(const fs::path& folder) {
  std::error_code error;
  const fs::path own = fs::canonical(folder, error);
  if (error) return std::nullopt;
  const Json result = resultOf(own);
  std::vector<Json> all{result};
  for (const auto& other : foldersBeside(own)) {
    if (other == own) continue;
    Json beside = resultOf(other);
    if (alike(result, beside)) all.push_back(std::move(beside));
  }
  if (all.size() < 2) return std::nullopt;
  return rateOf(all);
}

}  // namespace relapse::report
