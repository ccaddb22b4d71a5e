// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>

#include "campaign/repeat.hpp"
#include "campaign/run_file.hpp"
#include "cli/commands.hpp"
#include "cli/host_session.hpp"
#include "engine/engine.hpp"
#include "failure/values.hpp"
#include "run/values.hpp"
#include "scenario/values.hpp"

namespace relapse::cli {

// One scenario, as often as it asks for. Each way gives the exit status of the whole.
class Repeated {
 public:
  Repeated(scenario::Scenario scenario, const RunArguments& arguments, const Common& common, run::Places places)
      : scenario_(std::move(scenario)),
        arguments_(arguments),
        common_(common),
        places_(std::move(places)),
        series_(campaign::seriesOf(scenario_.repeat)) {}

  // In this process, one after the other.
  int here(HostSession& session);

  // As jobs of an engine, side by side.
  int asJobs(const std::stop_token& stop);

 private:
  bool bugExpected() const { return std::holds_alternative<scenario::ExpectReproduced>(scenario_.expect); }
  std::uint64_t seedOf(int number) const { return scenario_.seed + static_cast<std::uint64_t>(number) - 1; }
  Result<campaign::Runner::Ended> conduct(HostSession& session, int number);
  Result<campaign::Runner::Ended> take(const engine::JobEnd& end, const std::filesystem::path& folder);
  Result<void> buildKernel(engine::Engine& engine, const std::filesystem::path& folder, const std::stop_token& stop);
  void leave(const campaign::RunFile& file) const;
  int failed(const Failure& failure) const;
  int status() const;
  int finish(const Result<void>& done) const;

  scenario::Scenario scenario_;
  const RunArguments& arguments_;
  const Common& common_;
  run::Places places_;
  campaign::Series series_;
  int lastStatus_ = kInconclusive;  // of the last run, in this process
};

// Whether its runs are jobs: there are several, and either the command line says so or they fit side by side.
bool wantsJobs(const scenario::Scenario& scenario, const RunArguments& arguments);

}  // namespace relapse::cli
