// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "scenario/values.hpp"

namespace relapse::scenario {

// Reads and validates a scenario file, with each of `overrides` ("KEY=VALUE", as document/load.hpp
// says) put onto it first. The failure is BadInput, its message has one line for every error found:
// "file:line:column: key: expected X, found "Y"". Reads the disk, keeps no state.
Result<Scenario> load(const std::filesystem::path& file, const std::vector<std::string>& overrides = {});

// The same for a file with a matrix: one scenario for each combination of its values, `cell` says which;
// one scenario when it has none. load() gives the first of them. An override goes before the matrix:
// a key of both is the override's alone, and `matrix={}` switches the matrix off.
Result<std::vector<Scenario>> loadCells(const std::filesystem::path& file,
                                        const std::vector<std::string>& overrides = {});

// docs/scenario-reference.md, made from the tables that load() reads by.
std::string referenceMarkdown();

}  // namespace relapse::scenario
