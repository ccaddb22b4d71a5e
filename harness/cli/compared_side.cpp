// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/compared_side.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "report/terminal.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using What = ComparedSide::What;

constexpr std::string_view kKernel = "kernel:";
constexpr std::size_t kShortestBuildId = 7;  // as much as tells one from another

bool isThere(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

Result<ComparedSide> sideOf(const fs::path& directory) {
  std::error_code error;
  const fs::path real = fs::canonical(directory, error);  // latest is a link
  const fs::path folder = real.filename() == "bundle" ? real.parent_path() : real;
  const std::string id = folder.filename();
  if (isThere(folder / "night.json")) return ComparedSide{What::Night, "night " + id, {}, id};
  if (isThere(folder / "result.json")) return ComparedSide{What::Run, "run " + id, folder, id};
  return fail(FailureKind::BadInput,
              fmt::format("{}: expected a run's or a night's directory, found neither result.json nor night.json in it",
                          directory.string()));
}

bool isOn(const history::Run& run, const std::string& kernel) {
  return run.kernel == kernel || run.release == kernel ||
         (kernel.size() >= kShortestBuildId && run.buildId.starts_with(kernel));
}

Failure noSuchKernel(const std::string& kernel, const std::vector<history::Run>& runs) {
  std::set<std::string> known;
  for (const auto& run : runs) known.insert(report::plain(run.kernel + " (" + run.release + ")"));
  return {
      FailureKind::BadInput,
      fmt::format("expected the source, release or build-id of a kernel with runs in the history ({}), found \"{}\"",
                  known.empty() ? "there are none yet" : fmt::format("{}", fmt::join(known, ", ")), kernel)};
}

}  // namespace

Result<ComparedSide> comparedSide(const std::string& word, const fs::path& state) {
  if (word.starts_with(kKernel) && word.size() > kKernel.size()) {
    const std::string kernel = word.substr(kKernel.size());
    return ComparedSide{What::Kernel, "kernel " + kernel, {}, kernel};
  }
  if (isThere(word)) return sideOf(word);
  const bool isName = !word.empty() && word.find('/') == std::string::npos;
  if (isName && isThere(state / "runs" / word)) return sideOf(state / "runs" / word);
  if (isName && isThere(state / "nights" / word)) return ComparedSide{What::Night, "night " + word, {}, word};
  return fail(FailureKind::BadInput,
              fmt::format("expected a run (its directory, its name in {0}/runs or latest), a night (its name in "
                          "{0}/nights or its directory) or kernel:RELEASE, found \"{1}\"",
                          state.string(), word),
              "relapse history, or relapse history --nights");
}

Result<std::vector<history::Run>> runsOf(const ComparedSide& side, const history::History& history) {
  history::History::Filter filter;
  if (side.what == What::Night) filter.night = side.id;
  auto runs = history.runs(filter);
  if (!runs) return runs;
  auto all = *runs;
  if (side.what == What::Kernel) std::erase_if(*runs, [&](const auto& run) { return !isOn(run, side.id); });
  if (side.what == What::Run) std::erase_if(*runs, [&](const auto& run) { return run.id != side.id; });
  if (!runs->empty()) return runs;
  if (side.what == What::Kernel) return passOn(noSuchKernel(side.id, all));
  return fail(FailureKind::BadInput, fmt::format("the history has no run of {}", side.name),
              "relapse history, or relapse history --nights");
}

}  // namespace relapse::cli
