// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace relapse::cli {

// Text for a terminal that can quote a guest, a patch or a file: report::plain() of each line; their ends stay.
std::string plainLines(std::string_view text);

}  // namespace relapse::cli
