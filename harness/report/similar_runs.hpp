// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <span>

#include "report/event_json.hpp"
#include "report/night.hpp"

namespace relapse::report {

// Runs of one scenario, with the same settings, on the same kernel: their results say something of one rate.
bool alike(const Json& one, const Json& other);

// What results of runs that are alike amount to, with the 95 % interval. Where survival is expected, any failure
// counts.
Rate rateOf(std::span<const Json> results);

// That of the run in `folder` and of those beside it that are like it, at most the last kMostSimilar directories.
// Nothing: there is no other, or the run itself cannot be read.
inline constexpr std::size_t kMostSimilar = 1000;
std::optional<Rate> rateBeside(const std::filesystem::path& folder);

}  // namespace relapse::report
