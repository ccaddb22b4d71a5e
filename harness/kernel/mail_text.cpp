// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/mail_text.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "document/input.hpp"

namespace relapse::kernel {

namespace {

constexpr std::size_t kLongestWord = 2048;  // RFC 2047 allows 75; a bound keeps the search linear
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

int digitOf(char letter) {
  if (letter >= 'A' && letter <= 'Z') return letter - 'A';
  if (letter >= 'a' && letter <= 'z') return letter - 'a' + 26;
  if (letter >= '0' && letter <= '9') return letter - '0' + 52;
  return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

std::optional<int> hexDigit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  return std::nullopt;
}

// The byte of "=C3" at the front.
std::optional<char> escapedByte(std::string_view text) {
  if (text.size() < 3 || text[0] != '=') return std::nullopt;
  const auto high = hexDigit(text[1]), low = hexDigit(text[2]);
  return high && low ? std::optional(static_cast<char>(*high * 16 + *low)) : std::nullopt;
}

// The size of "=<line end>" at the front, with the blanks that a mailer put between; 0 when it is none.
std::size_t softBreak(std::string_view text) {
  const std::size_t end = std::min(text.find_first_not_of(" \t\r", 1), text.size());
  if (end == text.size()) return end;
  return text[end] == '\n' ? end + 1 : 0;
}

std::string fromQ(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '_', ' ');
  return fromQuotedPrintable(spaced);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string fromLatin1(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte >= 0x80) result += static_cast<char>(0xc0 | (byte >> 6));
    result += byte >= 0x80 ? static_cast<char>(0x80 | (byte & 0x3f)) : letter;
  }
  return result;
}

struct EncodedWord {
  std::string text;
  std::size_t size = 0;  // as it was written
};

std::optional<std::string> decoded(char encoding, std::string_view text) {
  if (encoding == 'Q' || encoding == 'q') return fromQ(text);
  return encoding == 'B' || encoding == 'b' ? fromBase64(text) : std::nullopt;
}

// "=?CHARSET?Q?TEXT?=" at the front; the charset may have a "*LANGUAGE".
std::optional<EncodedWord> encodedWord(std::string_view header) {
  header = header.substr(0, kLongestWord);
  if (!header.starts_with("=?")) return std::nullopt;
  const std::size_t mark = header.find('?', 2);
  if (mark == std::string_view::npos || header.size() < mark + 5 || header[mark + 2] != '?') return std::nullopt;
  const std::size_t end = header.find("?=", mark + 3);
  if (end == std::string_view::npos) return std::nullopt;
  auto text = decoded(header[mark + 1], header.substr(mark + 3, end - mark - 3));
  const std::string_view named = header.substr(2, mark - 2);
  const std::string charset = lower(named.substr(0, named.find('*')));
  if (!text) return std::nullopt;
  if (charset == "iso-8859-1") return EncodedWord{fromLatin1(*text), end + 2};
  if (charset != "utf-8" && charset != "utf8" && charset != "us-ascii") return std::nullopt;
  return EncodedWord{std::move(*text), end + 2};
}

}  // namespace

std::optional<std::string> fromBase64(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  std::size_t digits = 0, padding = 0;
  for (const char letter : text) {
    if (kBlanks.find(letter) != std::string_view::npos) continue;
    if (letter == '=') {
      ++padding;
      continue;
    }
    const int digit = digitOf(letter);
    if (digit < 0 || padding > 0) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    if (++digits % 4 != 1) bytes += static_cast<char>(bits >> (6 - 2 * ((digits - 1) % 4)));
  }
  const std::size_t rest = digits % 4;
  if (rest == 1 || padding != (4 - rest) % 4) return std::nullopt;
  return bytes;
}

std::string fromQuotedPrintable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t escape = std::min(text.find('='), text.size());
    result += text.substr(0, escape);
    text.remove_prefix(escape);
    if (text.empty()) break;
    if (const auto byte = escapedByte(text)) {
      result += *byte;
      text.remove_prefix(3);
    } else if (const std::size_t size = softBreak(text); size > 0) {
      text.remove_prefix(size);
    } else {
      result += '=';
      text.remove_prefix(1);
    }
  }
  return result;
}

// Blanks between two encoded words are only there to part them.
std::string fromEncodedWords(std::string_view header) {
  std::string result;
  std::size_t blanksAfterWord = std::string::npos;  // where in the result they begin
  while (!header.empty()) {
    if (const auto word = encodedWord(header)) {
      if (blanksAfterWord != std::string::npos) result.resize(blanksAfterWord);
      result += word->text;
      blanksAfterWord = result.size();
      header.remove_prefix(word->size);
    } else {
      if (kBlanks.find(header.front()) == std::string_view::npos) blanksAfterWord = std::string::npos;
      result += header.front();
      header.remove_prefix(1);
    }
  }
  return result;
}

std::string oneLine(std::string_view text) {
  std::string line;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t length = document::utf8Length(text, at);
    if (byte <= ' ' || byte == 0x7f) {
      if (!line.empty() && !line.ends_with(' ')) line += ' ';
    } else {
      line += length == 0 ? kReplacement : text.substr(at, length);
    }
    at += std::max<std::size_t>(length, 1);
  }
  if (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string withUnixLineEnds(std::string_view text) {
  const std::size_t first = text.find('\n');
  if (first == std::string_view::npos || first == 0 || text[first - 1] != '\r') return std::string(text);
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at)
    if (!text.substr(at).starts_with("\r\n")) result += text[at];
  return result;
}

}  // namespace relapse::kernel
