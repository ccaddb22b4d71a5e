// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "report/night.hpp"
#include "report/run_files.hpp"

namespace relapse::report {

inline constexpr std::size_t kMailWidth = 76;  // no line is longer; quoted twice it still fits into 80 columns

// For a mailing list: a subject, then what, where, rate, how to reproduce, trace. Markdown that reads as plain text,
// ASCII alone; all text of a guest stands indented, so nothing in it is a header, a patch or a heading.
std::string mail(const RunFiles& run);

// What a night found, flagged cells first.
std::string mail(const NightReport& night);

}  // namespace relapse::report
