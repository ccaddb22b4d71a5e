// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace relapse::report {

// spin.folded ("vcpu 1;outermost;...;innermost COUNT" lines) as a flame graph for each root: boxes as wide as their
// share, callers below. Each box can be reached by keyboard and tells its whole name and share. Those whose root is in
// `open` come first; all others are behind a summary. Lines that are not of this form are passed over.
std::string flameGraph(std::string_view folded, const std::set<std::string>& open);

}  // namespace relapse::report
