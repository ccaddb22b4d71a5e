// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/frames.hpp"

#include <algorithm>

#include "console/cursor.hpp"

namespace relapse::console {
namespace {

bool isSymbolByte(char c) {
  return c > ' ' && c < 0x7f && c != '+' && c != '[' && c != ']' && c != '"' && c != '\'';
}

// "[<ffffff8008123456>] "
void takeAddress(Cursor& cursor) {
  Cursor attempt = cursor;
  if (!attempt.take("[<") || !attempt.before(">]")) return;
  attempt.skipBlanks();
  cursor = attempt;
}

// "<EOI> ": x86's name of a stack, when it stands before a frame on the same line.
void takeStackName(Cursor& cursor) {
  Cursor attempt = cursor;
  if (!attempt.take('<')) return;
  const auto name = attempt.before("> ");
  if (!name || name->size() > 16 || name->find(' ') != std::string_view::npos) return;
  attempt.skipBlanks();
  cursor = attempt;
}

// "nfs_wb_page+0x70/0x1b4"
bool takeSymbol(Cursor& cursor, RawFrame& frame) {
  const std::string_view text = cursor.rest();
  const auto past = std::find_if_not(text.begin(), text.end(), isSymbolByte);
  const auto length = static_cast<std::size_t>(past - text.begin());
  Cursor attempt(text.substr(length));
  if (length == 0 || !attempt.take("+0x")) return false;
  const auto offset = attempt.hexadecimal();
  if (!offset || !attempt.take("/0x")) return false;
  const auto size = attempt.hexadecimal();
  if (!size) return false;
  frame.symbol = text.substr(0, length);
  frame.offset = offset;
  frame.size = size;
  cursor = attempt;
  return true;
}

// "0xffff800008123456": an address that kallsyms does not know.
bool takeBareAddress(Cursor& cursor, RawFrame& frame) {
  const std::string_view text = cursor.rest();
  Cursor attempt = cursor;
  if (!attempt.take("0x") || !attempt.hexadecimal()) return false;
  frame.symbol = text.substr(0, text.size() - attempt.rest().size());
  cursor = attempt;
  return true;
}

// " [nfs]", " [nfs 1f2e3d...]" (with a build-id)
bool takeModule(Cursor& cursor, RawFrame& frame) {
  Cursor attempt = cursor;
  attempt.skipBlanks();
  if (!attempt.take('[')) return true;
  const auto inside = attempt.before("]");
  if (!inside || inside->empty()) return false;
  frame.module = inside->substr(0, inside->find(' '));
  cursor = attempt;
  return true;
}

// " (P)", " (CF)": how the unwinder came to the frame.
bool takeMarks(Cursor& cursor) {
  cursor.skipBlanks();
  while (cursor.take('(')) {
    const auto marks = cursor.before(")");
    if (!marks || marks->size() > 8) return false;
    cursor.skipBlanks();
  }
  return cursor.atEnd();
}

}  // namespace

std::optional<RawFrame> readFrame(std::string_view line) {
  RawFrame frame;
  frame.text = trimmed(line);
  Cursor cursor(frame.text);
  takeStackName(cursor);
  takeAddress(cursor);
  frame.reliable = !cursor.take("? ");
  cursor.skipBlanks();
  if (!takeSymbol(cursor, frame) && !takeBareAddress(cursor, frame)) return std::nullopt;
  if (!takeModule(cursor, frame) || !takeMarks(cursor)) return std::nullopt;
  return frame;
}

RawFrame readLocation(std::string_view text) {
  if (auto frame = readFrame(text)) return *frame;
  RawFrame odd;
  odd.text = trimmed(text);
  odd.symbol = odd.text;
  return odd;
}

bool samePlace(const RawFrame& left, const RawFrame& right) {
  return left.symbol == right.symbol && left.offset == right.offset;
}

}  // namespace relapse::console
