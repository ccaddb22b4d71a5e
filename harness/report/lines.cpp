// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/lines.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "report/markup.hpp"

namespace relapse::report {
namespace {

constexpr std::string_view kCode = "    ";

struct Letter {
  std::size_t bytes = 1;
  std::size_t columns = 1;
};

// Wide and full-width characters (Unicode Standard Annex 11), in rough ranges.
bool isWide(std::uint32_t point) {
  constexpr std::pair<std::uint32_t, std::uint32_t> kWide[] = {
      {0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},
      {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0x1f000, 0x1faff}, {0x20000, 0x3fffd},
  };
  return std::ranges::any_of(kWide, [&](const auto& range) { return point >= range.first && point <= range.second; });
}

Letter letterAt(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0xc0) return {};
  const std::size_t bytes = std::min<std::size_t>(first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2, text.size() - at);
  std::uint32_t point = first & (0xffu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3fu);
  return {bytes, isWide(point) ? 2u : 1u};
}

// How many bytes of it fit.
std::size_t fitting(std::string_view text, std::size_t width) {
  std::size_t at = 0;
  for (std::size_t used = 0; at < text.size();) {
    const auto letter = letterAt(text, at);
    if (used + letter.columns > width) break;
    used += letter.columns;
    at += letter.bytes;
  }
  return at;
}

std::vector<std::string> wordsOf(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : std::string(text) + " ") {
    if (c != ' ')
      word += c;
    else if (!word.empty())
      words.push_back(std::exchange(word, {}));
  }
  return words;
}

// A word for a shell in pieces that fit into a line each; all but the first are for the very start of the next line,
// and begin with quotes, so that no line begins with what somebody wrote.
std::vector<std::string> pieces(const std::string& word, std::size_t width) {
  constexpr std::size_t kPiece = 16;  // a quote takes four letters
  const std::string whole = shellWord(word);
  if (whole.size() + 10 <= width) return {whole};
  std::vector<std::string> all;
  for (std::size_t at = 0; at < word.size(); at += kPiece) all.push_back("''" + shellWord(word.substr(at, kPiece)));
  return all;
}

}  // namespace

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto letter = letterAt(text, at);
    count += letter.columns;
    at += letter.bytes;
  }
  return count;
}

std::string cutTo(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  return std::string(text.substr(0, fitting(text, width - 3))) + "...";
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t has = columns(text);
  return std::string(text) + std::string(width - std::min(has, width), ' ');
}

std::string wrapped(std::string_view text, std::string_view first, std::string_view rest, std::size_t width) {
  std::string out;
  std::string line(first);
  bool empty = true;
  const auto end = [&] {
    out += line + "\n";
    line = rest;
    empty = true;
  };
  for (auto word : wordsOf(text)) {
    if (!empty && columns(line) + 1 + columns(word) > width) end();
    while (columns(line) + columns(word) > width) {
      const std::size_t fits = fitting(word, width - columns(line));
      line += word.substr(0, fits);
      word = word.substr(fits);
      end();
    }
    line += (empty ? "" : " ") + word;
    empty = false;
  }
  end();
  return out;
}

std::string commandText(const std::vector<std::string>& words, std::size_t width) {
  std::string out(kCode);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto parts = pieces(asciiLine(words[i]), width);
    std::size_t needed = parts.front().size();
    if (words[i].starts_with("--") && i + 1 < words.size())
      needed += 1 + pieces(asciiLine(words[i + 1]), width).front().size();
    const std::size_t column = out.size() - (out.rfind('\n') + 1);  // npos + 1 is 0
    if (column + 3 + needed > width) {
      out += " \\\n      ";
    } else if (out.size() > kCode.size()) {
      out += " ";
    }
    out += fmt::format("{}", fmt::join(parts, "\\\n"));
  }
  return out + "\n";
}

std::vector<std::string> commandWords(std::string_view command) {
  std::vector<std::string> words;
  std::string word;
  bool begun = false;
  bool quoted = false;
  for (std::size_t at = 0; at < command.size(); ++at) {
    const char c = command[at];
    if (c == '\'') {
      quoted = !quoted;
      begun = true;
    } else if (quoted || (c != ' ' && c != '\\')) {
      word += c;
      begun = true;
    } else if (c == '\\' && at + 1 < command.size()) {
      word += command[++at];
      begun = true;
    } else if (c == ' ' && std::exchange(begun, false)) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (begun) words.push_back(word);
  return words;
}

}  // namespace relapse::report
