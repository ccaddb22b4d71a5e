// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/plain_lines.hpp"

#include <algorithm>

#include "report/terminal.hpp"

namespace relapse::cli {

std::string plainLines(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out += report::plain(text.substr(at, end - at));
    if (end < text.size()) out += '\n';
    at = end + 1;
  }
  return out;
}

}  // namespace relapse::cli
