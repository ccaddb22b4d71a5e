// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/workspace.hpp"

#include <algorithm>
#include <ctime>
#include <iterator>
#include <map>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "document/write.hpp"

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;
using document::Value;

constexpr std::size_t kMostName = 64;  // of a scenario

const Value* find(const Value& tree, std::initializer_list<std::string_view> path) {
  const Value* value = &tree;
  for (const auto key : path)
    if (value != nullptr) value = value->find(key);
  return value;
}

// As they are written: relative to the scenario's file.
std::vector<std::string> seriesOf(const Value& scenario) {
  std::vector<std::string> series;
  for (const auto* value :
       {find(scenario, {"kernel", "series"}), find(scenario, {"nodes", "server", "kernel", "series"})})
    if (value != nullptr && value->text() != nullptr) series.push_back(*value->text());
  return series;
}

tl::unexpected<Failure> exhausted(const fs::path& path, const std::string& why) {
  return fail(FailureKind::Exhausted, fmt::format("{}: {}", path.string(), why));
}

std::map<std::string, std::string> contentOf(const fs::path& folder) {
  std::map<std::string, std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; entry != end; entry.increment(error)) {
    if (!entry->is_regular_file(error)) continue;
    std::ifstream in(entry->path(), std::ios::binary);
    files[entry->path().lexically_relative(folder)] = {std::istreambuf_iterator<char>(in), {}};
  }
  return files;
}

Result<void> bring(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (fs::equivalent(from, to, error)) return {};
  if (fs::exists(to, error)) {
    if (contentOf(from) == contentOf(to)) return {};
    return fail(FailureKind::BadInput,
                fmt::format("{}: expected the series of {}, found another", to.string(), from.string()),
                "write to another folder");
  }
  fs::create_directories(to.parent_path(), error);
  if (!error) fs::copy(from, to, fs::copy_options::recursive, error);
  return error ? Result<void>(exhausted(to, error.message())) : Result<void>();
}

Result<void> bringSeries(const Value& scenario, const fs::path& from, const fs::path& to) {
  for (const auto& series : seriesOf(scenario))
    if (auto done = bring(from / series, to / series); !done) return done;
  return {};
}

Result<fs::path> written(const fs::path& file, std::string_view content) {
  std::ofstream out(file, std::ios::binary);
  out << content;
  out.close();
  if (!out) return exhausted(file, "cannot be written");
  return file;
}

}  // namespace

Result<Workspace> Workspace::begin(const fs::path& state, const fs::path& file, const Value& scenario) {
  const auto* named = scenario.find("name");
  const std::string name = named != nullptr && named->text() != nullptr ? *named->text() : "scenario";
  const fs::path campaigns = state / "campaigns";
  std::error_code error;
  fs::create_directories(campaigns, error);
  const std::string stem = fmt::format("{:%Y%m%dT%H%M%SZ}-{}", fmt::gmtime(std::time(nullptr)), name);
  Workspace workspace;
  for (int number = 1; number < 1000; ++number) {
    workspace.folder_ = campaigns / (number == 1 ? stem : fmt::format("{}-{}", stem, number));
    if (!fs::create_directory(workspace.folder_, error) && !error) continue;
    if (error) return exhausted(workspace.folder_, error.message());
    if (auto done = bringSeries(scenario, file.parent_path(), workspace.folder_); !done) return passOn(done.error());
    workspace.tries_.open(workspace.folder_ / "tries.jsonl", std::ios::app);
    return workspace;
  }
  return exhausted(workspace.folder_, "exists already");
}

Result<fs::path> Workspace::write(const std::string& name, std::string_view content) {
  return written(folder_ / name, content);
}

Result<void> Workspace::note(std::string_view line) {
  tries_ << line << '\n' << std::flush;
  if (!tries_) return exhausted(folder_ / "tries.jsonl", "cannot be written");
  return {};
}

std::string fileText(const Value& scenario, const std::string& suffix, const std::vector<std::string>& head) {
  Value named = scenario;
  if (auto* map = std::get_if<Value::Map>(&named.content))
    for (auto& entry : *map)
      if (entry.key == "name" && entry.value.text() != nullptr) {
        std::string stem = entry.value.text()->substr(0, kMostName - suffix.size());
        while (stem.ends_with('-')) stem.pop_back();
        entry.value.content = stem + suffix;
      }
  std::string text;
  for (const auto& line : head) text += line.empty() ? "#\n" : fmt::format("# {}\n", line);
  return text + document::write(named);
}

Result<void> writeScenario(const fs::path& file, const Value& scenario, const std::string& text, const fs::path& home) {
  std::error_code error;
  if (fs::exists(file, error)) return fail(FailureKind::BadInput, fmt::format("{}: exists already", file.string()));
  if (auto done = bringSeries(scenario, home, file.parent_path()); !done) return done;
  if (auto done = written(file, text); !done) return passOn(done.error());
  return {};
}

}  // namespace relapse::campaign
