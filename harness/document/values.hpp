// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace relapse::document {

// What a document may be at most; more is an error, so that no file can eat the host.
inline constexpr std::size_t kMostBytes = 1u << 20;
inline constexpr std::size_t kMostValues = 20'000;           // with aliases expanded
inline constexpr std::size_t kMostExpandedBytes = 4u << 20;  // likewise
inline constexpr std::size_t kMostDepth = 32;

// Where something is written. Lines and columns are 1-based, columns count characters (not bytes).
// Line 0: there is no line, `file` says it all ("--set nodes.client.cpu").
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
};

struct Entry;

// A node of the tree with its place. A scalar is its text, whatever it may mean; quotes are gone. `~`,
// `null` and a key without a value are Empty. Aliases are expanded: the copy has the place of the
// alias, what is inside it those of the anchor's content.
struct Value {
  struct Empty {};
  using List = std::vector<Value>;
  using Map = std::vector<Entry>;  // in the file's order; no key twice

  Place place;
  std::variant<Empty, std::string, List, Map> content;

  bool isEmpty() const { return std::holds_alternative<Empty>(content); }
  const std::string* text() const { return std::get_if<std::string>(&content); }
  const List* list() const { return std::get_if<List>(&content); }
  const Map* map() const { return std::get_if<Map>(&content); }

  // The value of a map's key; null when there is no such key or this is no map.
  const Value* find(std::string_view key) const;
};

struct Entry {
  std::string key;
  Place place;  // of the key
  Value value;
};

inline const Value* Value::find(std::string_view key) const {
  const Map* entries = map();
  if (entries == nullptr) return nullptr;
  for (const Entry& entry : *entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

}  // namespace relapse::document
