// SPDX-License-Identifier: GPL-2.0-or-later
//
// What is bisected is put together here, and a kernel of it is made.
#include <algorithm>
#include <charconv>
#include <fstream>

#include <fmt/format.h>

#include "campaign/bisect_plan.hpp"

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;

constexpr double kHeaderObjects = 200;  // a header, a Makefile or a Kconfig file: much is built anew
constexpr double kOptionObjects = 100;

Result<fs::path> write(const fs::path& file, std::string_view text) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (out) return file;
  return fail(FailureKind::Exhausted, fmt::format("{}: not written", file.string()));
}

bool isCostly(const std::string& file) {
  const std::string name = fs::path(file).filename().string();
  return name.ends_with(".h") || name.starts_with("Kconfig") || name.starts_with("Makefile");
}

double objectsOf(const kernel::SeriesPatch& patch) {
  double objects = 0;
  for (const auto& file : patch.files) objects += isCostly(file) ? kHeaderObjects : 1;
  return objects;
}

// Which patch of the series a word of the user's means: its place from 1.
Result<std::size_t> placeOf(const std::vector<kernel::SeriesPatch>& series, const std::string& word,
                            const char* option) {
  std::size_t number = 0;
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), number);
  const bool isNumber = parsed.ec == std::errc{} && parsed.ptr == word.data() + word.size();
  if (isNumber && number >= 1 && number <= series.size()) return number;
  const fs::path file = fs::path(word).filename();
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < series.size(); ++i)
    if (series[i].name == file.stem() || series[i].name == file || series[i].subject == word ||
        (!series[i].commit.empty() && word.size() >= 7 && series[i].commit.starts_with(word)))
      found.push_back(i + 1);
  if (found.size() == 1) return found.front();
  std::string all;
  for (const auto& patch : series) all += "\n  " + patch.name;
  return fail(FailureKind::BadInput, fmt::format("{}: expected {}of the series, found \"{}\"; it has{}", option,
                                                 found.empty() ? "a patch " : "one patch ", word, all));
}

BisectCandidate candidateOf(const kernel::SeriesPatch& patch, fs::path file) {
  BisectCandidate candidate;
  candidate.name = patch.name;
  candidate.subject = patch.subject;
  candidate.author = patch.author;
  candidate.commit = patch.commit;
  candidate.messageId = patch.messageId;
  candidate.objects = objectsOf(patch);
  candidate.patch = std::move(file);
  return candidate;
}

BisectCandidate candidateOf(const kernel::Commit& commit) {
  BisectCandidate candidate;
  candidate.name = commit.id.substr(0, 12);
  candidate.subject = commit.subject;
  candidate.author = commit.author;
  candidate.commit = commit.id;
  candidate.objects = static_cast<double>(commit.files) + (commit.headers ? kHeaderObjects : 0);
  for (const auto parent : commit.parents) candidate.parents.push_back(parent + 1);
  return candidate;
}

std::string patches(std::size_t number) {
  return fmt::format("{} patch{}", number, number == 1 ? "" : "es");
}

// The candidates that a kernel of a series or a configuration has.
std::vector<std::size_t> candidatesOf(const BisectPlan& plan, const Mix& mix) {
  std::vector<std::size_t> all;
  for (std::size_t number = 1; number <= plan.size(); ++number)
    if (mix.has(number)) all.push_back(number);
  return all;
}

Result<KernelOptions> gitOptions(const BisectPlan& plan, const Mix& mix, const fs::path& folder,
                                 const std::stop_token& stop) {
  KernelOptions options;
  options.withoutSeries = true;
  const std::string commit = mix.upTo == 0 ? plan.goodCommit : plan.candidate(mix.upTo).commit;
  options.source = fmt::format("git:{}#{}", plan.repository.string(), commit);
  for (const bool reversed : {true, false})
    for (const auto number : reversed ? mix.minus : mix.plus) {
      const auto& candidate = plan.candidate(number);
      auto text = kernel::patchOfCommit(plan.repository, candidate.commit, reversed, stop);
      if (!text) return passOn(text.error());
      if (text->empty()) return fail(FailureKind::BadInput, candidate.name + " changes nothing");
      auto file =
          write(folder / "patches" / fmt::format("{}{}.patch", candidate.name, reversed ? "-reversed" : ""), *text);
      if (!file) return passOn(file.error());
      options.patches.push_back(std::move(*file));
    }
  return options;
}

}  // namespace

Result<BisectPlan> planSeries(const SeriesRequest& request, const fs::path& folder) {
  auto series = kernel::readPatchSeries(request.series);
  if (!series) return passOn(series.error());
  std::size_t first = 0;  // of the candidates, from 0
  std::size_t end = series->size();
  if (!request.good.empty()) {
    auto place = placeOf(*series, request.good, "--good");
    if (!place) return passOn(place.error());
    first = *place;
  }
  if (!request.bad.empty()) {
    auto place = placeOf(*series, request.bad, "--bad");
    if (!place) return passOn(place.error());
    end = *place;
  }
  if (first >= end)
    return fail(FailureKind::BadInput,
                fmt::format("--good, --bad: expected patches between them, found {} not before {}", request.good,
                            request.bad.empty() ? "the last" : request.bad));
  BisectPlan plan;
  plan.kind = BisectKind::Series;
  plan.source = request.source;
  for (std::size_t i = 0; i < end; ++i) {
    const auto& patch = (*series)[i];
    auto file = write(folder / "patches" / (patch.name + ".patch"), patch.patch.content);
    if (!file) return passOn(file.error());
    if (i < first)
      plan.base.push_back(std::move(*file));
    else
      plan.candidates.push_back(candidateOf(patch, std::move(*file)));
  }
  const std::string source = request.source.empty() ? "the source" : request.source;
  plan.ends = {first == 0 ? source : fmt::format("{} + {}", source, patches(first)),
               fmt::format("{} + {}", source, patches(end))};
  return plan;
}

Result<BisectPlan> planGit(const GitRequest& request, const std::stop_token& stop) {
  auto range = kernel::listRange(request.tree, request.good, request.bad, request.firstParent, stop);
  if (!range) return passOn(range.error());
  BisectPlan plan;
  plan.kind = BisectKind::Git;
  plan.repository = range->repository;
  plan.goodCommit = range->good;
  plan.ends = {range->good.substr(0, 12), range->bad.substr(0, 12)};
  for (const auto& commit : range->commits) plan.candidates.push_back(candidateOf(commit));
  for (std::size_t i = 0; i < plan.size(); ++i) {
    auto& parents = plan.candidates[i].parents;
    plan.graph = plan.graph || (!request.firstParent && (i == 0 ? !parents.empty() : parents != std::vector{i}));
  }
  if (!plan.graph)
    for (auto& candidate : plan.candidates) candidate.parents.clear();
  return plan;
}

Result<BisectPlan> planConfig(const ConfigRequest& request, const fs::path& folder) {
  auto difference = kernel::configDifference(request.good, request.bad);
  if (!difference) return passOn(difference.error());
  auto good = kernel::mixedFragment(request.good, {});
  if (!good) return passOn(good.error());
  auto copy = write(folder / "configs" / "good.config", *good);
  if (!copy) return passOn(copy.error());
  BisectPlan plan;
  plan.kind = BisectKind::Config;
  plan.source = request.source;
  plan.goodFragment = std::move(*copy);
  plan.ends = {request.good.filename().string(), request.bad.filename().string()};
  for (auto& option : *difference) {
    BisectCandidate candidate;
    candidate.name = option.bad.empty() ? "no " + option.name : fmt::format("{}={}", option.name, option.bad);
    candidate.subject =
        option.good.empty() ? "not asked for at the good end" : fmt::format("{} at the good end", option.good);
    candidate.objects = kOptionObjects;
    candidate.option = std::move(option);
    plan.candidates.push_back(std::move(candidate));
  }
  return plan;
}

Result<KernelOptions> optionsOf(const BisectPlan& plan, const Mix& mix, const fs::path& folder,
                                const std::stop_token& stop) {
  if (plan.kind == BisectKind::Git) return gitOptions(plan, mix, folder, stop);
  KernelOptions options;
  options.source = plan.source;
  if (plan.kind == BisectKind::Series) {
    options.withoutSeries = true;
    options.patches = plan.base;
    for (const auto number : candidatesOf(plan, mix)) options.patches.push_back(plan.candidate(number).patch);
    return options;
  }
  std::vector<kernel::DifferentOption> changed;
  for (const auto number : candidatesOf(plan, mix)) changed.push_back(plan.candidate(number).option);
  auto text = kernel::mixedFragment(plan.goodFragment, changed);
  if (!text) return passOn(text.error());
  auto file = write(folder / "configs" / (keyOf(mix) + ".config"), *text);
  if (!file) return passOn(file.error());
  options.configs.push_back(std::move(*file));
  return options;
}

}  // namespace relapse::campaign
