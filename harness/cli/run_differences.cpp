// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/run_differences.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/terminal.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;
using Texts = std::vector<std::string>;

constexpr std::size_t kMostLines = 12;  // of a list on one side
constexpr std::size_t kWidth = 72;      // of a text on one side

// A file's text; nothing if it cannot be read.
std::optional<std::string> contentOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// The member, or an empty value: files of an older relapse lack some.
Json member(const Json& object, const char* key) {
  return object.is_object() && object.contains(key) ? object[key] : Json();
}

std::string text(const Json& object, const char* key) {
  const Json value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

Texts texts(const Json& list) {
  Texts all;
  for (const auto& one : list)
    if (one.is_string()) all.push_back(one.get<std::string>());
  return all;
}

std::string kernelOf(const Json& kernel) {
  if (!kernel.is_object()) return {};
  return fmt::format("{} from {} build-id {}", text(kernel, "release"), text(kernel, "source"),
                     text(kernel, "build_id"));
}

Texts patchesOf(const Json& kernel) {
  Texts all;
  for (const auto& patch : member(kernel, "patches")) {
    const auto applied = member(patch, "already_in_source");
    all.push_back(fmt::format("{} ({}{})", fs::path(text(patch, "file")).filename().string(),
                              text(patch, "sha256").substr(0, 12),
                              applied.is_boolean() && applied.get<bool>() ? ", already in the source" : ""));
  }
  return all;
}

Texts linesOf(const std::string& content) {
  std::istringstream in(content);
  Texts lines;
  for (std::string line; std::getline(in, line);)
    if (line.find("CONFIG_") != std::string::npos) lines.push_back(line);
  return lines;
}

Texts without(const Texts& all, const Texts& others) {
  const std::set<std::string> known(others.begin(), others.end());
  Texts rest;
  std::ranges::copy_if(all, std::back_inserter(rest), [&](const auto& one) { return !known.contains(one); });
  return rest;
}

std::string joined(const Texts& lines) {
  const std::size_t shown = std::min(lines.size(), kMostLines);
  std::string out =
      fmt::format("{}", fmt::join(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(shown), "\n"));
  return out + (shown < lines.size() ? fmt::format("\n... {} more", lines.size() - shown) : "");
}

void differ(std::vector<run::Difference>& all, const char* what, const std::string& one, const std::string& other) {
  if (one != other) all.push_back({what, one, other});
}

// Only what the other lacks.
void differ(std::vector<run::Difference>& all, const char* what, const Texts& one, const Texts& other) {
  differ(all, what, joined(without(one, other)), joined(without(other, one)));
}

std::optional<std::chrono::milliseconds> timeOf(const run::Outcome& outcome, const std::string& stage) {
  const auto found = std::ranges::find(outcome.stages, stage, &report::StageTime::stage);
  if (found == outcome.stages.end()) return std::nullopt;
  return found->took;
}

std::vector<run::Difference> timesOf(const run::Outcome& one, const run::Outcome& other) {
  Texts stages;
  for (const auto* outcome : {&one, &other})
    for (const auto& stage : outcome->stages)
      if (std::ranges::find(stages, stage.stage) == stages.end()) stages.push_back(stage.stage);
  std::vector<run::Difference> all;
  for (const auto& stage : stages) {
    const auto first = timeOf(one, stage);
    const auto second = timeOf(other, stage);
    const bool both = first && second;
    const auto longer = both ? std::max(*first, *second) : 0ms;
    const auto shorter = both ? std::min(*first, *second) : 0ms;
    if (both && (longer - shorter < 1s || longer * 2 < shorter * 3)) continue;
    all.push_back({stage, first ? report::duration(*first) : "-", second ? report::duration(*second) : "-"});
  }
  return all;
}

// A side's text, line by line below each other.
std::string shown(const std::string& label, const std::string& content) {
  std::istringstream lines(content.empty() ? "none" : content);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    const std::string all = report::plain(line);
    for (std::size_t at = 0; at < all.size(); at += kWidth)
      out += fmt::format("    {:<4}{}\n", out.empty() ? label : "", all.substr(at, kWidth));
  }
  return out;
}

Json differencesJson(const std::vector<run::Difference>& all) {
  Json out = Json::array();
  for (const auto& one : all) out.push_back({{"what", one.what}, {"a", one.first}, {"b", one.second}});
  return out;
}

}  // namespace

Result<KeptRun> readRun(std::string_view result, std::string config) {
  auto outcome = run::readOutcome(result);
  if (!outcome) return passOn(outcome.error());
  const Json value = Json::parse(result, nullptr, false);
  KeptRun kept;
  kept.outcome = *outcome;
  const Json scenario = member(value, "scenario");
  kept.scenario = fmt::format("{} {}", text(scenario, "name"), fmt::join(texts(member(scenario, "cell")), " "));
  kept.overrides = texts(member(scenario, "overrides"));
  kept.kernel = kernelOf(member(value, "kernel"));
  kept.serverKernel = kernelOf(member(value, "server_kernel"));
  kept.patches = patchesOf(member(value, "kernel"));
  kept.config = std::move(config);
  return kept;
}

Result<KeptRun> readRun(const fs::path& directory) {
  const fs::path folder = directory.filename() == "bundle" ? directory.parent_path() : directory;
  const auto result = contentOf(folder / "result.json");
  if (!result)
    return fail(FailureKind::BadInput,
                fmt::format("{}: expected a run's directory, found no result.json in it", folder.string()));
  auto kept = readRun(*result, contentOf(folder / "bundle/config").value_or(""));
  if (!kept)
    return fail(FailureKind::BadInput, fmt::format("{}: {}", (folder / "result.json").string(), kept.error().message));
  return kept;
}

RunDifferences differencesOf(const KeptRun& one, const KeptRun& other) {
  RunDifferences all{false, one, other, run::compare(one.outcome, other.outcome).differences, {}};
  all.differ = one.outcome.verdict != other.outcome.verdict || one.outcome.signature != other.outcome.signature;
  differ(all.differences, "reason", one.outcome.reason, other.outcome.reason);
  differ(all.differences, "scenario", one.scenario, other.scenario);
  differ(all.differences, "overrides", one.overrides, other.overrides);
  differ(all.differences, "kernel", one.kernel, other.kernel);
  differ(all.differences, "server's kernel", one.serverKernel, other.serverKernel);
  differ(all.differences, "patches", one.patches, other.patches);
  if (!one.config.empty() && !other.config.empty())
    differ(all.differences, "config", linesOf(one.config), linesOf(other.config));
  all.times = timesOf(one.outcome, other.outcome);
  return all;
}

std::string differencesText(const RunDifferences& all) {
  std::string out =
      fmt::format("A   {}\nB   {}\n{}\n", report::plain(all.one.outcome.id), report::plain(all.other.outcome.id),
                  all.differ ? "They differ in what came out." : "The same came out of both.");
  for (const auto& difference : all.differences)
    out += fmt::format("  {}\n{}{}", difference.what, shown("A", difference.first), shown("B", difference.second));
  if (!all.times.empty()) out += fmt::format("  {:<22} {:>12} {:>12}\n", "stages' times", "A", "B");
  for (const auto& time : all.times)
    out += fmt::format("    {:<20} {:>12} {:>12}\n", report::plain(time.what), time.first, time.second);
  return out + "Two runs say nothing of how often: compare nights, or kernel:... with kernel:...\n";
}

std::string differencesJson(const RunDifferences& all) {
  const Json out{{"a", all.one.outcome.id},
                 {"b", all.other.outcome.id},
                 {"differ", all.differ},
                 {"differences", differencesJson(all.differences)},
                 {"stages", differencesJson(all.times)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace relapse::cli
