// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/patch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "kernel/diff.hpp"
#include "kernel/disk.hpp"
#include "kernel/hash.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostPatches = 10'000;
constexpr std::uint64_t kMostSeriesBytes = 256u << 20;

// Lines of a text without their ends.
std::vector<std::string> linesOf(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool isBelow(const fs::path& file, const fs::path& folder) {
  const fs::path relative = fs::weakly_canonical(file).lexically_relative(fs::weakly_canonical(folder));
  return !relative.empty() && *relative.begin() != "..";
}

// The path of a line of a series; nothing for a blank one.
Result<std::optional<std::string>> entryOf(const std::string& line, const std::string& place) {
  std::istringstream words(line.substr(0, line.find('#')));
  std::string path, option;
  if (!(words >> path)) return std::optional<std::string>();
  if (words >> option && option != "-p1")
    return fail(FailureKind::BadInput,
                fmt::format("{}: expected nothing or -p1 after the patch, found \"{}\"", place, option));
  return std::optional(path);
}

// The number of the hunk of `path` that begins at that line of the old file; 0 when there is none.
int hunkNumber(const Patch& patch, const std::string& path, int start) {
  std::string current;
  int number = 0;
  for (const std::string& line : linesOf(patch.content)) {
    if (line.starts_with("--- ") || (line.starts_with("+++ ") && pathOfHeader(line) != "/dev/null")) {
      current = pathOfHeader(line);
      number = 0;
    } else if (const auto found = hunkHeader(line); found && current == path) {
      ++number;
      if (found->oldStart == start) return number;
    }
  }
  return 0;
}

constexpr std::string_view kFailed = "error: patch failed: ";

std::optional<std::string> explainHunk(const Patch& patch, std::string_view line) {
  const std::size_t colon = line.rfind(':');
  if (!line.starts_with(kFailed) || colon == std::string_view::npos) return std::nullopt;
  const std::string path(line.substr(kFailed.size(), colon - kFailed.size()));
  const int start = std::atoi(std::string(line.substr(colon + 1)).c_str());
  const int number = hunkNumber(patch, path, start);
  const std::string hunk = number > 0 ? fmt::format("hunk #{}", number) : std::string("a hunk");
  return fmt::format("{} does not apply to {} (line {})", hunk, path, start);
}

std::optional<std::string> explainFile(std::string_view line) {
  const auto ending = [&](std::string_view end) -> std::optional<std::string> {
    const std::string whole = fmt::format(": {}", end);
    if (!line.starts_with("error: ") || !line.ends_with(whole)) return std::nullopt;
    return std::string(line.substr(7, line.size() - 7 - whole.size()));
  };
  if (const auto path = ending("No such file or directory")) return *path + " is not in the source";
  if (const auto path = ending("already exists in working directory")) return *path + " is in the source already";
  return std::nullopt;
}

}  // namespace

Result<Patch> readPatch(const fs::path& file) {
  auto content = readGiven(file, kMostPatchBytes);
  if (!content) return fail(FailureKind::BadInput, "patch " + content.error().message);
  std::string hash = sha256(*content);
  return Patch{file, std::move(*content), std::move(hash)};
}

std::vector<std::string> kernelLinesIn(const fs::path& seriesRoot) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(seriesRoot, error))
    if (entry.is_directory() && fs::exists(entry.path() / "series")) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

Result<std::vector<Patch>> readSeries(const fs::path& seriesRoot, const std::string& line) {
  const fs::path series = seriesRoot / line / "series";
  const fs::path within = seriesRoot.lexically_normal().parent_path();
  if (fs::exists(series) && !isBelow(series, within))
    return fail(FailureKind::BadInput,
                fmt::format("{}: a link that leads out of the folder of series", series.string()));
  if (fs::is_regular_file(series)) return readQuilt(series, within);
  const auto there = kernelLinesIn(seriesRoot);
  return fail(FailureKind::BadInput,
              fmt::format("{} has no folder with a `series` for the source's line {}; there is {}", seriesRoot.string(),
                          line, there.empty() ? "none" : fmt::format("{}", fmt::join(there, ", "))));
}

Result<std::vector<Patch>> readQuilt(const fs::path& series, const fs::path& within) {
  const auto list = readGiven(series, kMostListBytes);
  if (!list) return passOn(list.error());
  std::vector<Patch> patches;
  std::uint64_t bytes = 0;
  int number = 0;
  for (const std::string& text : linesOf(*list)) {
    const std::string place = fmt::format("{}:{}", series.string(), ++number);
    const auto entry = entryOf(text, place);
    if (!entry) return passOn(entry.error());
    if (!*entry) continue;
    const fs::path file = (series.parent_path() / **entry).lexically_normal();
    if (!isBelow(file, within))
      return fail(FailureKind::BadInput, fmt::format("{}: \"{}\" leads out of the folder of series", place, **entry));
    auto patch = readPatch(file);
    if (!patch) return fail(FailureKind::BadInput, fmt::format("{}: {}", place, patch.error().message));
    bytes += patch->content.size();
    if (patches.size() >= kMostPatches || bytes > kMostSeriesBytes)
      return fail(FailureKind::BadInput, fmt::format("{}: expected at most {} patches of {} MiB together, found more",
                                                     place, kMostPatches, kMostSeriesBytes >> 20));
    patches.push_back(std::move(*patch));
  }
  return patches;
}

std::vector<std::string> namesLeft(const Patch& patch) {
  std::vector<std::string> names;
  for (const std::string& line : linesOf(patch.content))
    for (const std::string_view start : {"rename from ", "copy from "})
      if (line.starts_with(start)) names.push_back(line.substr(start.size()));
  return names;
}

std::string explainRefusal(const Patch& patch, std::string_view complaint) {
  std::string first;
  for (const std::string& line : linesOf(complaint)) {
    if (const auto hunk = explainHunk(patch, line)) return fmt::format("{}: {}", patch.file.string(), *hunk);
    if (const auto file = explainFile(line)) return fmt::format("{}: {}", patch.file.string(), *file);
    if (first.empty()) first = line;
  }
  if (first.starts_with("error: ")) first.erase(0, 7);
  return fmt::format("{}: it cannot be applied: {}", patch.file.string(), first);
}

}  // namespace relapse::kernel
