// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/markup.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace relapse::report {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

struct Decoded {
  std::size_t bytes = 1;
  std::optional<std::uint32_t> point = {};  // none: the byte begins no character
};

bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
}

// One character, as RFC 3629 has it: no longer form than needed, no surrogates, nothing above U+10FFFF.
Decoded decode(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return {1, first};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return {};
  std::uint32_t point = first & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text, at + i)) return {};
    point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3fu);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < kLeast[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return {};
  return {length, point};
}

bool isControl(std::uint32_t point) {
  return (point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7f && point < 0xa0);
}

bool turnsDirection(std::uint32_t point) {
  return point == 0x061c || point == 0x200e || point == 0x200f || (point >= 0x202a && point <= 0x202e) ||
         (point >= 0x2066 && point <= 0x2069);
}

// ESC ] text, to its terminator: a bell, or ESC \\ // ECMA-48, 8.3.89; xterm's bell
std::size_t operatingSystemCommand(std::string_view text, std::size_t at) {
  const std::size_t past = text.find_first_of("\x07\x1b\n", at + 2);
  if (past == std::string_view::npos || text[past] == '\n') return 2;
  const bool twoBytes = text[past] == '\x1b' && past + 1 < text.size() && text[past + 1] == '\\';
  return past - at + (twoBytes ? 2 : text[past] == '\x07' ? 1 : 0);
}

// The length of a terminal's sequence at an escape character; a control sequence is ESC [ parameters final. // 5.4
std::size_t sequence(std::string_view text, std::size_t at) {
  if (at + 1 < text.size() && text[at + 1] == ']') return operatingSystemCommand(text, at);
  if (at + 1 >= text.size() || text[at + 1] != '[') return 1;
  std::size_t past = at + 2;
  while (past < text.size() && text[past] >= 0x20 && text[past] < 0x40) ++past;
  return past < text.size() && text[past] >= 0x40 && text[past] < 0x7f ? past + 1 - at : 1;
}

std::string_view entity(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

bool needsNoQuotes(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_.,/:=+@%").find(c) != std::string_view::npos;
}

}  // namespace

std::string cleaned(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\x1b') {
      at += sequence(text, at);
      continue;
    }
    const auto [bytes, point] = decode(text, at);
    const bool noncharacter = point && ((*point & 0xfffe) == 0xfffe || (*point >= 0xfdd0 && *point <= 0xfdef));
    if (!point || noncharacter) {
      out += kReplacement;
    } else if (!isControl(*point) && !turnsDirection(*point)) {
      out += text.substr(at, bytes);
    }
    at += bytes;
  }
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : cleaned(text)) {
    const auto as = entity(c);
    if (as.empty()) out += c;
    out += as;
  }
  return out;
}

std::string cleanLine(std::string_view text) {
  std::string out = cleaned(text);
  for (char& c : out)
    if (c == '\n' || c == '\t') c = ' ';
  return out;
}

std::string asciiLine(std::string_view text) {
  std::string out;
  for (const char c : cleanLine(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) == 0x80) continue;  // the character's first byte stands for it
    out += byte >= 0x80 ? '?' : c;
  }
  return out;
}

std::string linkTo(std::string_view path) {
  const bool absolute = path.starts_with('/');
  while (path.starts_with('/')) path.remove_prefix(1);
  std::string out = absolute ? "/" : "./";
  for (const char c : path) {
    const bool plain = needsNoQuotes(c) && std::string_view(",:=+@%").find(c) == std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string shellWord(std::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), needsNoQuotes)) return std::string(word);
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') out += "'\\'";
    out += c;
  }
  return out + "'";
}

}  // namespace relapse::report
