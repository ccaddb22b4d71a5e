// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/frames.hpp"

#include <algorithm>

#include "console/cursor.hpp"

namespace relapse::console {
namespace {

bool isSymbolByte(char c) {
  return c > ' ' && c < 0x7f && c != '+' && c != '[' && c != ']' && c != '"' && c != '\'';
}

// "[<ffffff8008123456>] ", "[<ffffff8008123456>{32}] ", "[ffffffff81234567] [ffffffff81234567] "
void takeAddresses(Cursor& cursor) {
  for (int i = 0; i < 2; ++i) {
    Cursor attempt = cursor;
    if (!attempt.take('[')) return;
    const bool angled = attempt.take('<');
    const std::size_t length = attempt.rest().size();
    const bool hashed = attempt.take("(____ptrval____)");  // before the kernel has random bytes to hash with
    if (!hashed && (!attempt.hexadecimal() || length - attempt.rest().size() < 8)) return;
    if (!attempt.take(angled ? ">]" : "]")) return;
    attempt.skipBlanks();
    cursor = attempt;
  }
}

// "(dump_backtrace) from [<c010d830>] ", "dump_backtrace from ": arm's own shape; the caller follows.
bool takeCallee(Cursor& cursor) {
  Cursor attempt = cursor;
  const auto callee = attempt.before(" from ");
  if (!callee || callee->empty() || callee->find_first_of(" +") != std::string_view::npos) return false;
  takeAddresses(attempt);
  cursor = attempt;
  return true;
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

// "fs/nfs/write.c:80", with " [inline]" behind it or not: what a symbolizer adds
bool takeSource(Cursor& cursor) {
  Cursor attempt = cursor;
  attempt.skipBlanks();
  const auto file = attempt.before(":");
  if (!file || file->empty() || file->find_first_of(" []()") != std::string_view::npos) return false;
  if (file->find('.') == std::string_view::npos || !attempt.decimal()) return false;
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
bool takeMarks(Cursor& cursor, RawFrame& frame) {
  cursor.skipBlanks();
  while (cursor.take('(')) {
    const auto marks = cursor.before(")");
    if (!marks || marks->size() > 12) return false;
    if (*marks == "unreliable")
      frame.reliable = false;
    else
      frame.marks += *marks;
    cursor.skipBlanks();
  }
  return cursor.atEnd();
}

// " nfs_wb_page fs/nfs/write.c:80 [inline]": a symbolizer's line. Only with its blank in front: the
// shape is too plain to be one anywhere.
std::optional<RawFrame> readInlined(std::string_view line) {
  RawFrame frame;
  frame.text = trimmed(line);
  if (!line.starts_with(' ') || !line.ends_with("[inline]")) return std::nullopt;
  const std::size_t length = frame.text.find(' ');
  if (length == std::string::npos) return std::nullopt;
  frame.symbol = frame.text.substr(0, length);
  Cursor cursor(std::string_view(frame.text).substr(length));
  if (!takeSource(cursor) || !cursor.take(" [inline]") || !cursor.atEnd()) return std::nullopt;
  return frame;
}

}  // namespace

std::optional<RawFrame> readFrame(std::string_view line) {
  RawFrame frame;
  frame.text = trimmed(line);
  Cursor cursor(frame.text);
  takeStackName(cursor);
  takeAddresses(cursor);
  const bool bracket = takeCallee(cursor) && cursor.take('(');
  frame.reliable = !cursor.take("? ");
  cursor.skipBlanks();
  if (!takeSymbol(cursor, frame) && !takeBareAddress(cursor, frame)) return readInlined(line);
  if (!takeModule(cursor, frame)) return std::nullopt;
  takeSource(cursor);
  if (bracket && !cursor.take(')')) return std::nullopt;
  if (!takeMarks(cursor, frame)) return std::nullopt;
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
