// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "bisect/belief.hpp"
#include "bisect/evidence.hpp"
#include "bisect/space.hpp"
#include "bisect/values.hpp"

namespace relapse::bisect {

// What to do next: first the new end and then the old one are tried until they are what they should be, at the
// confidence asked for; then the kernel where a try is expected to tell most of the candidate for its time. `underWay`:
// tries that are being made now; what they may come to is thought of. A candidate that is likelier than all others
// together may be tried by taking it from the end with the bug, where that tells more. Pure.
//
// On a line, and while nothing speaks against a bug that comes always, a kernel that is not there yet is built only
// where it halves what is left: then at most ceil(log2 n) kernels between the ends are tried.
Step next(const Space& space, const Evidence& evidence, const Question& question, const Costs& costs,
          const std::vector<Trial>& underWay = {});

// The kernel that would most likely be asked for next and is not there yet, once all that is under way has ended: to be
// built meanwhile. Nothing: none would be.
std::optional<Trial> toBuild(const Space& space, const Evidence& evidence, const Question& question, const Costs& costs,
                             const std::vector<Trial>& underWay);

// Candidates that no testable kernel tells apart, together with what is believed of them; the likeliest first.
std::vector<Found> groups(const Space& space, const Evidence& evidence, const Belief& belief);

// Tries of it come to no result, again and again: it cannot be tried.
bool givesNoResult(const Tally& tally);

}  // namespace relapse::bisect
