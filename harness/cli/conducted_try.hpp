// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <set>
#include <string>

#include "campaign/values.hpp"
#include "campaign/workspace.hpp"
#include "cli/commands.hpp"
#include "cli/host_session.hpp"
#include "run/values.hpp"

namespace relapse::cli {

// campaign::Try with real guests: each try is an ordinary run, in the campaign's folder, without a memory dump unless
// the command line asks for one. By --keep, the directories of runs are removed that show nothing new.
class ConductedTry {
 public:
  enum class Keep { Best, All, None };

  // `registers`: the vCPUs are sampled at the event, as the scenario asks for; it makes signatures surer.
  ConductedTry(const RunArguments& arguments, const Common& common, HostSession& session,
               campaign::Workspace& workspace, bool registers);

  Result<campaign::TryResult> operator()(const campaign::Candidate& candidate, std::uint64_t seed);

  // Of the runs with the bug, only those of these candidates stay.
  void keepOnly(const std::set<std::string>& labels);

 private:
  std::vector<std::string> overrides(std::uint64_t seed) const;
  void sortOut(const campaign::Candidate& candidate, campaign::TryResult& result);

  const RunArguments& arguments_;
  const Common& common_;
  HostSession& session_;
  campaign::Workspace& workspace_;
  run::Places places_;
  std::string collect_;  // "collect=[registers]"; empty: as the command line says
  Keep keep_ = Keep::Best;
  int tries_ = 0;
  std::map<std::string, std::filesystem::path> reproduced_;  // by candidate
  std::set<std::string> seen_;                               // reasons and other signatures
};

}  // namespace relapse::cli
