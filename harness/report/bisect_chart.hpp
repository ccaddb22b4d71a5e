// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "report/bisect.hpp"

namespace relapse::report {

// How likely each candidate is, as bars of SVG on a scale by powers of ten, and below them what the kernels showed that
// were tried. Of many candidates several share a bar; the chart is no bigger for that. Empty: there are no candidates.
std::string bisectChart(const BisectReport& bisect);

}  // namespace relapse::report
