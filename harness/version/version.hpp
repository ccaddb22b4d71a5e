// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace relapse::version {

// "0.1.0".
std::string number();

// What `git describe` said when the program was built, such as 835e650 or v0.1.0-3-g835e650-dirty; of a
// tree without git that `git archive` made its commit; else empty.
std::string commit();

// The commit's day, such as 2026-11-28; empty when the commit is.
std::string day();

// "0.1.0 (835e650)", or the number alone: what a record is marked with.
std::string mark();

// "relapse 0.1.0 (835e650, RelWithDebInfo, GCC 12.2.0)".
std::string sentence();

}  // namespace relapse::version
