// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"

namespace relapse::campaign {

// What a ladder's numbers stand for, that is how they are written.
enum class Notation {
  AsWritten,     // both ends have the same unit, or none: 1, 2, 4; 1s, 2s; 5%, 10%
  PlainBytes,    // as mount options have them: 4096, 8192
  ScenarioSize,  // 256MiB, 512MiB
};

// "1..64" -> 1 2 4 ... 64: doubles from the one end and ends with the other; 0 is followed by 1. Sizes may be written
// 4k, 1M, 2G (or 4KiB ...). The failure's message reads: expected X, found "Y".
Result<std::vector<std::string>> ladder(std::string_view text, Notation notation);

// A size in the notation, "64k" -> "65536" or "64KiB"; what is none stays as it is.
std::string inNotation(std::string_view text, Notation notation);

}  // namespace relapse::campaign
