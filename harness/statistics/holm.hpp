// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

namespace relapse::statistics {

// The p of several tests, corrected for their number after Holm (Scandinavian Journal of Statistics 6, 1979), each in
// its place: if those up to `a` are taken for differences, the probability that any of them is none is at most `a`,
// however the tests depend on each other. Pure.
std::vector<double> holm(const std::vector<double>& p);

}  // namespace relapse::statistics
