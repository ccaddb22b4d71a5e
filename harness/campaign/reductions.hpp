// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "document/values.hpp"

namespace relapse::campaign {

// A scenario with a little less in it.
struct Reduction {
  std::string story;  // "without step 3 (work: appenders)"
  document::Value tree;
};

// Everything that can be taken out of the scenario in one go, the greatest first: steps (halves of them, quarters, ...,
// each one), other lists likewise, keys that have a default, and numbers (to 1, else halved). What is expected, watched
// for, collected, and how work may end stays; so do the kernel and the deadlines. Some of it may not load. Pure.
std::vector<Reduction> reductions(const document::Value& scenario);

}  // namespace relapse::campaign
