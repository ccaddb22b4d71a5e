// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "campaign/repeat.hpp"
#include "cli/commands.hpp"
#include "engine/engine.hpp"
#include "failure/values.hpp"
#include "scenario/values.hpp"

namespace relapse::cli {

// One run of the scenario as a job: this program again, in a process of its own, which leaves a campaign::RunFile and
// nothing in the history. `arguments` say which kernel and what is set; the job's name and files are the caller's, and
// so is `--result FILE` at the end of its command.
engine::Job runJob(const scenario::Scenario& scenario, const RunArguments& arguments, const Common& common,
                   std::uint64_t seed);

// Its kernel as a job: `relapse build`.
engine::Job buildJob(const scenario::Scenario& scenario, const RunArguments& arguments, const Common& common);

// `folder`: for the engine's own files; shared by all nodes where it is Slurm's.
Result<std::unique_ptr<engine::Engine>> makeEngine(const EngineArguments& arguments,
                                                   const std::filesystem::path& folder);

// Whether at least two runs of the scenario fit on this host side by side.
bool severalFit(const scenario::Scenario& scenario);

}  // namespace relapse::cli
