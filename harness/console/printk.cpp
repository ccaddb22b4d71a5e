// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/printk.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "console/cursor.hpp"

namespace relapse::console {
namespace {

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

// Does `text` begin as `shape` does? '9' stands for a digit or a blank, 'A' for a letter, all else for itself.
bool hasShape(std::string_view text, std::string_view shape) {
  return text.size() >= shape.size() && std::equal(shape.begin(), shape.end(), text.begin(), [](char want, char c) {
           if (want == '9') return isDigit(c) || c == ' ';
           if (want == 'A') return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
           return want == c;
         });
}

// "[   T67]" or "[C1]".
std::string_view takeCaller(Cursor& cursor) {
  Cursor attempt = cursor;
  attempt.skipBlanks();
  if (!attempt.take('[')) return {};
  attempt.skipBlanks();
  const std::string_view id = attempt.rest();
  if (!id.starts_with('T') && !id.starts_with('C')) return {};
  const auto past = std::find_if_not(id.begin() + 1, id.end(), isDigit);
  const auto length = static_cast<std::size_t>(past - id.begin());
  if (length == 1 || id.size() <= length || id[length] != ']') return {};
  cursor = Cursor(id.substr(length + 1));
  return id.substr(0, length);
}

bool takeLevel(Cursor& cursor) {
  Cursor attempt = cursor;
  if (!attempt.take('<') || !attempt.decimal() || !attempt.take('>')) return false;
  cursor = attempt;
  return true;
}

// dmesg -d: "[    2.314159 <    0.000731>]".
Stamp readStampWithDelta(std::string_view line) {
  constexpr std::size_t kLongest = 24;
  const std::size_t delta = line.substr(0, kLongest).find(" <");
  const std::size_t past = line.find(">]");
  if (delta == std::string_view::npos || past == std::string_view::npos || past > delta + kLongest) return {};
  const Stamp stamp = readStamp(std::string(line.substr(0, delta)) + "]");
  return stamp.length == 0 ? stamp : Stamp{past + 2, stamp.micros};
}

// "[    2.314159][   T67]"
bool takeStamp(Cursor& cursor, PrintkLine& read) {
  Stamp stamp = readStamp(cursor.rest());
  if (stamp.length == 0) stamp = readStampWithDelta(cursor.rest());
  if (stamp.length == 0) return false;
  cursor = Cursor(cursor.rest().substr(stamp.length));
  read.time = stamp.time();
  read.mark = Mark::Kernel;
  read.caller = takeCaller(cursor);
  cursor.take(' ');
  return true;
}

// "Nov 22 18:14:46", "2026-11-22T18:14:46.123456+00:00", "Sun 2026-11-22 18:14:46 UTC", "1763835286.123456"
bool takeWallTime(Cursor& cursor, bool& dmesgs) {
  static constexpr std::array<std::string_view, 5> kShapes{
      "AAA 99 99:99:99", "9999-99-99T99:99:99", "9999-99-99 99:99:99", "AAA 9999-99-99 99:99:99", "9999999999.999999"};
  const std::string_view text = cursor.rest();
  for (const std::string_view shape : kShapes) {
    if (!hasShape(text, shape)) continue;
    const std::size_t past = text.find(' ', shape.size());
    if (past == std::string_view::npos || past > shape.size() + 16) return false;
    dmesgs = text[shape.size()] == ',';  // dmesg --time-format iso
    cursor = Cursor(text.substr(past + 1));
    if (shape.starts_with("AAA 9999")) cursor.before(" ");  // the time zone
    return true;
  }
  return false;
}

// "host kernel: ": nothing for another shape, else whether the kernel's tag stands there.
std::optional<bool> takeHostAndTag(Cursor& cursor) {
  Cursor attempt = cursor;
  const auto host = attempt.before(" ");
  if (!host || host->empty() || host->find_first_of(":[]") != std::string_view::npos) return std::nullopt;
  const bool kernel = attempt.take("kernel:");
  if (!kernel) {
    const auto tag = attempt.before(":");
    if (!tag || tag->empty() || tag->find(' ') != std::string_view::npos) return std::nullopt;
  }
  if (!attempt.atEnd() && !attempt.take(' ')) return std::nullopt;
  cursor = attempt;
  return kernel;
}

// What a log daemon put before the line.
void readDaemons(Cursor& cursor, PrintkLine& read) {
  Cursor attempt = cursor;
  bool dmesgs = false;
  if (!takeWallTime(attempt, dmesgs)) return;
  if (!dmesgs && !takeStamp(attempt, read)) {
    const auto kernel = takeHostAndTag(attempt);
    if (!kernel) return;
    if (!*kernel) {
      read.mark = Mark::Other;
      return;
    }
    takeStamp(attempt, read);
  }
  read.mark = Mark::Kernel;
  cursor = attempt;
}

// "[Sun Nov 22 18:14:46 2026] "
void readDmesgTime(Cursor& cursor, PrintkLine& read) {
  constexpr std::string_view kShape = "[AAA AAA 99 99:99:99 9999]";
  if (!hasShape(cursor.rest(), kShape)) return;
  cursor = Cursor(cursor.rest().substr(kShape.size()));
  read.caller = takeCaller(cursor);
  cursor.take(' ');
  read.mark = Mark::Kernel;
}

// "6,339,5140900,-,caller=T67;text": the time in microseconds.
void readRecord(Cursor& cursor, PrintkLine& read) {
  Cursor attempt = cursor;
  if (!attempt.decimal() || !attempt.take(',') || !attempt.hexadecimal() || !attempt.take(',')) return;
  const std::string_view digits = attempt.rest();
  const auto past = std::find_if_not(digits.begin(), digits.end(), isDigit);
  const auto length = static_cast<std::size_t>(past - digits.begin());
  if (length == 0 || length > 15) return;
  std::uint64_t time = 0;
  for (const char c : digits.substr(0, length)) time = time * 10 + static_cast<std::uint64_t>(c - '0');
  attempt = Cursor(digits.substr(length));
  if (!attempt.take(',')) return;
  const auto flags = attempt.before(";");
  if (!flags || flags->empty() || flags->size() > 64) return;
  if (const std::size_t at = flags->find("caller="); at != std::string_view::npos) {
    read.caller = flags->substr(at + 7, flags->find(',', at) - at - 7);
  }
  read.time = static_cast<double>(time) / 1e6;
  read.mark = Mark::Kernel;
  cursor = attempt;
}

// "kern  :info  : ": dmesg -x. What other facilities say is user space's.
void readDecoded(Cursor& cursor, PrintkLine& read) {
  constexpr std::size_t kLength = 15;
  const std::string_view text = cursor.rest();
  if (text.size() < kLength || text[6] != ':' || text.substr(13, 2) != ": ") return;
  Cursor attempt(text.substr(kLength));
  readDmesgTime(attempt, read);
  if (read.mark == Mark::None && !takeStamp(attempt, read)) return;
  if (text.starts_with("kern  :")) {
    cursor = attempt;
  } else {
    read = {};
    read.mark = Mark::Other;
  }
}

// journalctl -o short-monotonic: behind the stamp "host kernel: ".
void takeMonotonicTag(Cursor& cursor) {
  if (!hasKernelTag(cursor.rest())) return;
  Cursor attempt = cursor;
  if (takeHostAndTag(attempt).value_or(false)) cursor = attempt;
}

}  // namespace

PrintkLine readPrintk(std::string_view line) {
  Cursor cursor(line);
  PrintkLine read;
  const bool leveled = takeLevel(cursor);
  const char first = cursor.atEnd() ? '\0' : cursor.rest().front();
  if (first == '[') {
    if (takeStamp(cursor, read))
      takeMonotonicTag(cursor);
    else
      readDmesgTime(cursor, read);
  } else if (first != '\0') {
    if (isDigit(first)) readRecord(cursor, read);
    if (read.mark == Mark::None) readDaemons(cursor, read);
    if (read.mark == Mark::None) readDecoded(cursor, read);
  }
  if (read.mark == Mark::None && leveled) read.mark = Mark::Level;
  read.text = read.mark == Mark::Other ? line : cursor.rest();
  return read;
}

std::optional<PrintkLine> readEmbeddedPrintk(std::string_view line, double notBefore) {
  for (std::size_t at = line.find('['); at != std::string_view::npos; at = line.find('[', at + 1)) {
    const Stamp stamp = readStamp(line.substr(at));
    if (stamp.length > 0 && stamp.time() >= notBefore) return readPrintk(line.substr(at));
  }
  return std::nullopt;
}

bool mayBeMarked(std::string_view line) {
  if (line.empty()) return false;
  if (line.find('[') != std::string_view::npos || line.front() == '<' || isDigit(line.front())) return true;
  return line.size() > 6 && (line[3] == ' ' || line[6] == ':');
}

}  // namespace relapse::console
