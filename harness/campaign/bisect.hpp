// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "campaign/bisect_log.hpp"
#include "campaign/bisect_state.hpp"
#include "campaign/run_file.hpp"
#include "engine/engine.hpp"
#include "failure/values.hpp"
#include "report/bisect.hpp"

namespace relapse::campaign {

struct BisectSetup {
  std::filesystem::path folder;  // its own; exists
  // A job that makes one run of a kernel, or the kernel, and leaves a RunFile. Its name, its files and `--result FILE`
  // at the end of its command are filled in by bisect().
  std::function<engine::Job(const KernelOptions&, std::uint64_t seed)> runJob;
  std::function<engine::Job(const KernelOptions&)> buildJob;
  std::uint64_t seed = 0;     // of the first try
  std::size_t guests = 1;     // tries at once
  bool buildsBeside = false;  // kernels are built while guests run: there are CPUs for both
  std::stop_token stop;
  std::function<void(const std::string& story)> tell = {};     // what happens, as the log tells it
  std::function<void(const history::Run& run)> remember = {};  // each run that came to an end
};

// Goes on with a bisect from what its log says, to the end. A process that dies may be followed by another with the
// same log; runs that had ended are taken from `folder`, the others are made again. Failures: Cancelled (it can be gone
// on with, and so it can after the following), those of the engine; BadInput: an end cannot be built; HostLacks,
// Exhausted.
Result<report::BisectReport> bisect(const BisectSetup& setup, BisectState& state, BisectLog& log,
                                    engine::Engine& engine);

// What a run says of the bug with this signature; without one, of what its scenario expects. Pure.
bisect::Saw sawOf(const TryResult& result, const std::string& target);

}  // namespace relapse::campaign
