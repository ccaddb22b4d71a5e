// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "document/values.hpp"

namespace relapse::document {

// The tree as YAML text that load() reads as the same tree, places apart. A map at the top begins in column 1;
// an empty tree is an empty text. Pure.
std::string write(const Value& tree);

// The same on one line, as the VALUE of load.hpp's applyOverride(): "[hard, timeo=10]".
std::string flow(const Value& value);

}  // namespace relapse::document
