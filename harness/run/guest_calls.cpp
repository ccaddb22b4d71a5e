// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/guest_calls.hpp"

namespace relapse::run {

Result<std::vector<std::string>> callUnlessDecided(Experiment& experiment, const std::string& node,
                                                   const std::vector<std::string>& argv,
                                                   std::chrono::seconds patience) {
  if (experiment.decided()) return std::vector<std::string>{};
  auto lines = experiment.call(node, argv, patience);
  if (!lines && lines.error().kind != FailureKind::Cancelled && experiment.decided()) return std::vector<std::string>{};
  return lines;
}

Result<void> interrupted(Experiment::Wait wait) {
  if (wait == Experiment::Wait::Cancelled) return fail(FailureKind::Cancelled, "interrupted");
  return {};
}

}  // namespace relapse::run
