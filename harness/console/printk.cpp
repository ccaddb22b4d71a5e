// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/printk.hpp"

#include <charconv>

#include "console/cursor.hpp"

namespace relapse::console {
namespace {

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t digits(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && isDigit(text[count])) ++count;
  return count;
}

// "[    2.314159]": six digits after the point, always.
std::optional<double> takeStamp(Cursor& cursor) {
  Cursor attempt = cursor;
  if (!attempt.take('[')) return std::nullopt;
  attempt.skipBlanks();
  const std::string_view number = attempt.rest();
  const std::size_t whole = digits(number);
  if (whole == 0 || whole > 12 || number.size() < whole + 8 || number[whole] != '.') return std::nullopt;
  if (digits(number.substr(whole + 1)) != 6 || number[whole + 7] != ']') return std::nullopt;
  double seconds = 0;
  std::from_chars(number.data(), number.data() + whole + 7, seconds);
  cursor = Cursor(number.substr(whole + 8));
  return seconds;
}

// "[   T67]" or "[C1]".
std::string_view takeCaller(Cursor& cursor) {
  Cursor attempt = cursor;
  attempt.skipBlanks();
  if (!attempt.take('[')) return {};
  attempt.skipBlanks();
  const std::string_view id = attempt.rest();
  if (!id.starts_with('T') && !id.starts_with('C')) return {};
  const std::size_t length = digits(id.substr(1)) + 1;
  if (length == 1 || id.size() <= length || id[length] != ']') return {};
  cursor = Cursor(id.substr(length + 1));
  return id.substr(0, length);
}

void takeLevel(Cursor& cursor) {
  Cursor attempt = cursor;
  if (attempt.take('<') && attempt.decimal() && attempt.take('>')) cursor = attempt;
}

}  // namespace

PrintkLine readPrintk(std::string_view line) {
  Cursor cursor(line);
  takeLevel(cursor);
  PrintkLine read;
  read.time = takeStamp(cursor);
  if (read.time) {
    read.caller = takeCaller(cursor);
    cursor.take(' ');
  }
  read.text = cursor.rest();
  return read;
}

std::optional<PrintkLine> readEmbeddedPrintk(std::string_view line, double notBefore) {
  for (std::size_t at = line.find('['); at != std::string_view::npos; at = line.find('[', at + 1)) {
    const PrintkLine read = readPrintk(line.substr(at));
    if (read.time && *read.time >= notBefore) return read;
  }
  return std::nullopt;
}

}  // namespace relapse::console
