// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/clean_text.hpp"

#include "console/lines.hpp"

namespace relapse::stacktrace {
namespace {

constexpr std::size_t kLongest = 1024;

}  // namespace

std::string cleanText(std::string_view text) {
  std::string scratch;
  return std::string(console::cleaned(text.substr(0, kLongest), scratch));
}

}  // namespace relapse::stacktrace
