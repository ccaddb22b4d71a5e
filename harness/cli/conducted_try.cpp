// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/conducted_try.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "campaign/outcome.hpp"
#include "cli/display.hpp"
#include "cli/places.hpp"
#include "cli/run_request.hpp"
#include "run/conduct.hpp"
#include "scenario/scenario.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

void removeRun(const fs::path& run) {
  std::error_code ignored;
  if (!run.empty()) fs::remove_all(run, ignored);
}

// The first try may build a kernel: all its stages are shown. Of the others, the terminal shows where they are.
class Shown {
 public:
  Shown(int number, const std::string& label, bool quiet)
      : number_(number), label_(label), live_(!quiet && isatty(STDERR_FILENO) == 1) {
    if (number == 1) display_ = std::make_unique<Display>(isatty(STDERR_FILENO) == 1, quiet, colourOn(STDERR_FILENO));
  }
  ~Shown() {
    if (live_ && !display_) fmt::print(stderr, "\r\x1b[K");
  }
  void show(const run::StageUpdate& update) {
    if (display_) {
      display_->show(update);
    } else if (live_ && update.what == run::StageUpdate::What::Begun) {
      fmt::print(stderr, "\r\x1b[Ktry {}  {:.50}  {}", number_, label_, update.stage);
      (void)std::fflush(stderr);
    }
  }

 private:
  int number_;
  const std::string& label_;
  bool live_;
  std::unique_ptr<Display> display_;
};

bool asksFor(const std::vector<std::string>& sets, std::string_view key) {
  return std::any_of(sets.begin(), sets.end(), [&](const auto& set) { return set.starts_with(key); });
}

}  // namespace

ConductedTry::ConductedTry(const RunArguments& arguments, const Common& common, HostSession& session,
                           campaign::Workspace& workspace, bool registers)
    : arguments_(arguments),
      common_(common),
      session_(session),
      workspace_(workspace),
      places_(places(common.stateDir)) {
  places_.state = workspace.folder();
  if (!asksFor(arguments.sets, "collect")) collect_ = registers ? "collect=[registers]" : "collect=[]";
  if (arguments.keep == "all") keep_ = Keep::All;
  if (arguments.keep == "none") keep_ = Keep::None;
}

std::vector<std::string> ConductedTry::overrides(std::uint64_t seed) const {
  std::vector<std::string> overrides{fmt::format("seed={}", seed)};
  if (!collect_.empty()) overrides.push_back(collect_);
  return overrides;
}

Result<campaign::TryResult> ConductedTry::operator()(const campaign::Candidate& candidate, std::uint64_t seed) {
  auto file = workspace_.write("candidate.yaml", candidate.text);
  if (!file) return passOn(file.error());
  auto scenario = scenario::load(*file, overrides(seed));
  if (!scenario) return passOn(scenario.error());
  auto request = requestFor(arguments_, *scenario, places_, session_.root(), session_.stop());
  request.overrides = overrides(seed);
  Shown shown(++tries_, candidate.label, common_.quiet);
  const auto began = Clock::now();
  auto record = run::conduct(request, session_.host(), [&](const run::StageUpdate& update) { shown.show(update); });
  if (!record) return passOn(record.error());
  auto result = campaign::resultOf(*record);
  result.time = std::chrono::duration_cast<milliseconds>(Clock::now() - began);
  sortOut(candidate, result);
  return result;
}

void ConductedTry::sortOut(const campaign::Candidate& candidate, campaign::TryResult& result) {
  using campaign::Outcome;
  bool stays = keep_ == Keep::All;
  if (keep_ == Keep::Best && result.outcome == Outcome::Reproduced)
    stays = reproduced_.emplace(candidate.label, result.run).second;
  if (keep_ == Keep::Best && (result.outcome == Outcome::Inconclusive || result.outcome == Outcome::OtherFailure))
    stays = seen_.insert(result.signature + result.reason).second;
  if (stays) return;
  removeRun(result.run);
  result.run.clear();
}

void ConductedTry::keepOnly(const std::set<std::string>& labels) {
  if (keep_ != Keep::Best) return;
  for (const auto& [label, run] : reproduced_)
    if (!labels.contains(label)) removeRun(run);
  const fs::path latest = workspace_.folder() / "runs" / "latest";
  std::error_code ignored;
  if (fs::is_symlink(latest, ignored) && !fs::exists(latest, ignored)) fs::remove(latest, ignored);
}

}  // namespace relapse::cli
