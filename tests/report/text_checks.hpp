// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

namespace relapse::report {

std::vector<std::string> linesOf(const std::string& text);

// Nothing on a page is live: no script, no handler, no link that leads out, no control character.
void expectTame(const std::string& page);

}  // namespace relapse::report
