// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace relapse::stacktrace {

// A name out of an ELF or DWARF file, which anyone can have made, as the console's parser would give it: valid UTF-8
// without control characters, 1024 bytes of it at most.
std::string cleanText(std::string_view text);

}  // namespace relapse::stacktrace
