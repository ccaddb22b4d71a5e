// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document/errors.hpp"
#include "document/schema.hpp"
#include "scenario/values.hpp"

// The parts of a scenario, each read from settings that the table has checked. What the table cannot
// know (what depends on another key) is checked here; errors go to `errors`, and something is returned
// nevertheless. Pure, but for the series' folders.
namespace relapse::scenario {

using Words = std::vector<std::string>;

Kernel readKernel(const document::Settings& settings, const std::filesystem::path& file, document::Errors& errors);
std::map<std::string, Node> readNodes(const document::Settings& settings, const Kernel& kernel,
                                      const std::filesystem::path& file, document::Errors& errors);

// Wants the nodes.
std::optional<Nfs> readNfs(const document::Settings& settings, const Scenario& scenario, document::Errors& errors);

// Want the nodes, the export and the deadlines.
Probes readProbes(const document::Settings& settings, const Scenario& scenario, document::Errors& errors);
std::vector<Step> readSteps(const document::Settings& settings, const Scenario& scenario, document::Errors& errors);

// The nodes that a key names, "clients" being all of them; what is none of the scenario's is an error.
Words readOn(const document::Settings& settings, std::string_view path, const Scenario& scenario,
             document::Errors& errors);

// An error at a key's value: "expected X, found "Y"".
void refuse(const document::Settings& settings, std::string_view path, std::string_view expected,
            std::string_view found, document::Errors& errors);

}  // namespace relapse::scenario
