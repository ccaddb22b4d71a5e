// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/mentions.hpp"

#include <algorithm>

#include "console/cursor.hpp"
#include "console/frames.hpp"

namespace relapse::stacktrace {
namespace {

using console::Cursor;

constexpr std::size_t kMostMentions = 64;
constexpr std::size_t kLongestSymbol = 512;        // KSYM_NAME_LEN
constexpr std::uint64_t kLeastAddress = 1u << 20;  // below it is no kernel: a number

bool isWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool isSymbolByte(char c) {
  return isWordByte(c) || c == '.' || c == '$';
}

// " [nfs]", " [nfs 1f2e3d...]": the module; the cursor is behind it. Else nothing is taken.
std::string_view takeModule(Cursor& cursor) {
  Cursor attempt = cursor;
  if (!attempt.take(" [")) return {};
  const auto inside = attempt.before("]");
  if (!inside) return {};
  const std::string_view name = inside->substr(0, inside->find(' '));
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) { return isWordByte(c) || c == '-'; });
  if (name.empty() || !plain) return {};
  cursor = attempt;
  return name;
}

// "[<ffff800008123456>] " that ends where the symbol begins, with "? " between or not.
std::optional<std::uint64_t> addressBefore(std::string_view text) {
  while (text.ends_with(' ') || text.ends_with('?')) text.remove_suffix(1);
  const std::size_t open = text.rfind("[<");
  if (!text.ends_with(">]") || open == std::string_view::npos) return std::nullopt;
  Cursor cursor(text.substr(open + 2));
  const auto address = cursor.hexadecimal();
  return address && *address >= kLeastAddress && cursor.rest() == ">]" ? address : std::nullopt;
}

// The mention whose "+0x" stands at `plus`; `past`: where it ends.
std::optional<Mention> namedAt(std::string_view line, std::size_t plus, std::size_t& past) {
  std::size_t first = plus;
  while (first > 0 && plus - first < kLongestSymbol && isSymbolByte(line[first - 1])) --first;
  Cursor cursor(line.substr(plus + 3));
  const auto offset = cursor.hexadecimal();
  if (first == plus || !offset || !cursor.take("/0x")) return std::nullopt;
  const auto size = cursor.hexadecimal();
  if (!size) return std::nullopt;
  Mention mention;
  mention.frame.module = takeModule(cursor);
  past = line.size() - cursor.rest().size();
  mention.frame.symbol = line.substr(first, plus - first);
  mention.frame.offset = offset;
  mention.frame.size = size;
  mention.frame.text = line.substr(first, past - first);
  mention.address = addressBefore(line.substr(0, first));
  return mention;
}

Mention bare(std::uint64_t address, std::string_view text) {
  Mention mention;
  mention.frame.symbol = mention.frame.text = text;
  mention.address = address;
  mention.named = false;
  return mention;
}

// "[<ffff800008123456>]" with no symbol behind it.
std::optional<Mention> bracketedAt(std::string_view line, std::size_t open, std::size_t& past) {
  Cursor cursor(line.substr(open + 2));
  const auto address = cursor.hexadecimal();
  if (!address || *address < kLeastAddress || !cursor.take(">]")) return std::nullopt;
  past = line.size() - cursor.rest().size();
  return bare(*address, line.substr(open, past - open));
}

// "pc : 0xffff800008123456", "lr : ffff800008123456", " 0xffff800008123456": the line is an address.
std::optional<Mention> wholeLine(std::string_view line) {
  std::string_view text = console::trimmed(line);
  const bool labelled = text.starts_with("pc : ") || text.starts_with("lr : ");
  if (labelled) text = console::trimmed(text.substr(5));
  Cursor cursor(text);
  if (!cursor.take("0x") && !labelled) return std::nullopt;
  const auto address = cursor.hexadecimal();
  if (!address || *address < kLeastAddress || !console::trimmed(cursor.rest()).empty()) return std::nullopt;
  return bare(*address, text);
}

bool isClean(std::string_view line) {
  const std::string_view text = console::trimmed(line);
  if (text.starts_with("pc : ") || text.starts_with("lr : ")) return console::readFrame(text.substr(5)).has_value();
  return console::readFrame(line).has_value();
}

}  // namespace

std::vector<Mention> mentionsIn(std::string_view line) {
  std::vector<Mention> found;
  if (const auto whole = wholeLine(line)) found.push_back(*whole);
  for (std::size_t at = 0; found.size() < kMostMentions;) {
    const std::size_t plus = line.find("+0x", at);
    const std::size_t open = line.find("[<", at);
    const std::size_t next = std::min(plus, open);
    if (next == std::string_view::npos) break;
    std::size_t past = next + 2;
    auto mention = next == plus ? namedAt(line, plus, past) : bracketedAt(line, open, past);
    at = past;
    if (!mention) continue;
    // an address and its symbol are one
    if (mention->named && mention->address && !found.empty() && !found.back().named) found.pop_back();
    found.push_back(std::move(*mention));
  }
  if (!found.empty() && isClean(line)) found.front().clean = found.size() == 1;
  return found;
}

}  // namespace relapse::stacktrace
