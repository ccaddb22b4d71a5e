// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "campaign/values.hpp"
#include "failure/values.hpp"
#include "scenario/values.hpp"

namespace relapse::campaign {

inline constexpr std::size_t kMostSettings = 1024;

// A name that stands for one or several keys of a scenario.
struct ShortName {
  std::string_view name;
  std::string_view example;
  std::string_view meaning;
};
const std::vector<ShortName>& shortNames();

// Reads --vary: "writers=1..64,timing=jitter,nfs.mount.version=3|4.1". NAME is a short name or a key as --set takes
// it; A..B is a ladder that doubles from A and ends with B; A|B|C are the values themselves. Commas and bars in
// brackets, braces and quotes belong to a value. BadInput has a line for each error, with its column in the text.
Result<std::vector<Knob>> parseKnobs(std::string_view text, const scenario::Scenario& scenario);

// A knob's value for each of them -> "KEY=VALUE" for --set.
std::vector<std::string> overridesOf(const std::vector<Knob>& knobs, const std::vector<std::size_t>& choice,
                                     const scenario::Scenario& scenario);

// "writers=8 cpus=2"
std::string labelOf(const std::vector<Knob>& knobs, const std::vector<std::size_t>& choice);

// All combinations; the last knob changes fastest.
std::vector<std::vector<std::size_t>> combinations(const std::vector<Knob>& knobs);

// A sequence of all `choices` (their numbers) whose every beginning is spread over the whole: each next one is the
// farthest from those before it.
std::vector<std::size_t> spreadOut(const std::vector<Knob>& knobs,
                                   const std::vector<std::vector<std::size_t>>& choices);

}  // namespace relapse::campaign
