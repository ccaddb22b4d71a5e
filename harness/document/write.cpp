// SPDX-License-Identifier: GPL-2.0-or-later
#include "document/write.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace relapse::document {
namespace {

bool isPlainCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._/%+-=").find(c) != std::string_view::npos;
}

// May stand without quotes: neither syntax nor null.
bool isPlain(std::string_view text) {
  if (text.empty() || text == "null" || text == "Null" || text == "NULL" || text.front() == '-' ||
      text.front() == '%' || text.front() == '.' || text.front() == '=')
    return false;
  return std::all_of(text.begin(), text.end(), isPlainCharacter);
}

std::string scalar(std::string_view text) {
  if (isPlain(text)) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

void writeBlock(const Value& value, int indent, std::string& out);

// What stands behind "key:" or "-": on the same line, or a block below it.
void writeAfter(const Value& value, int indent, std::string& out) {
  const auto* list = value.list();
  const auto* map = value.map();
  if (list != nullptr && list->empty()) {
    out += " []\n";
  } else if (map != nullptr && map->empty()) {
    out += " {}\n";
  } else if (list != nullptr || map != nullptr) {
    out += '\n';
    writeBlock(value, indent, out);
  } else {
    out += value.isEmpty() ? " ~\n" : fmt::format(" {}\n", scalar(*value.text()));
  }
}

void writeBlock(const Value& value, int indent, std::string& out) {
  const std::string blanks(static_cast<std::size_t>(indent), ' ');
  if (const auto* map = value.map()) {
    for (const Entry& entry : *map) {
      out += fmt::format("{}{}:", blanks, scalar(entry.key));
      writeAfter(entry.value, indent + 2, out);
    }
  } else if (const auto* list = value.list()) {
    for (const Value& item : *list) {
      out += blanks + "-";
      writeAfter(item, indent + 2, out);
    }
  }
}

}  // namespace

std::string write(const Value& tree) {
  if (tree.isEmpty()) return {};
  if (const auto* text = tree.text()) return scalar(*text) + "\n";
  if (tree.list() != nullptr && tree.list()->empty()) return "[]\n";
  if (tree.map() != nullptr && tree.map()->empty()) return "{}\n";
  std::string out;
  writeBlock(tree, 0, out);
  return out;
}

std::string flow(const Value& value) {
  std::string inside;
  if (const auto* map = value.map()) {
    for (const Entry& entry : *map)
      inside += fmt::format("{}{}: {}", inside.empty() ? "" : ", ", scalar(entry.key), flow(entry.value));
    return "{" + inside + "}";
  }
  if (const auto* list = value.list()) {
    for (const Value& item : *list) inside += (inside.empty() ? "" : ", ") + flow(item);
    return "[" + inside + "]";
  }
  return value.isEmpty() ? "~" : scalar(*value.text());
}

}  // namespace relapse::document
