// SPDX-License-Identifier: GPL-2.0-or-later
#include "require.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace relapse {
namespace {

// The bytes of the character that `text` begins with; 0: it is not valid.
std::size_t characterLength(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const std::size_t length = byte(0) < 0x80   ? 1
                             : byte(0) < 0xc2 ? 0
                             : byte(0) < 0xe0 ? 2
                             : byte(0) < 0xf0 ? 3
                             : byte(0) < 0xf5 ? 4
                                              : 0;
  if (length > text.size()) return 0;
  for (std::size_t at = 1; at < length; ++at)
    if ((byte(at) & 0xc0) != 0x80) return 0;
  const bool overlong = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xf0 && byte(1) < 0x90);
  const bool beyond = (byte(0) == 0xed && byte(1) > 0x9f) || (byte(0) == 0xf4 && byte(1) > 0x8f);
  return overlong || beyond ? 0 : length;
}

}  // namespace

void require(bool holds, const char* law, std::string_view found) {
  if (holds) return;
  std::fprintf(stderr, "law broken: %s\nfound: %.*s\n", law,
               static_cast<int>(std::min<std::size_t>(found.size(), 16384)), found.data());
  std::abort();
}

bool isCleanText(std::string_view text) {
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    if ((first < ' ' && first != '\t') || first == 0x7f) return false;
    const std::size_t length = characterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace relapse
