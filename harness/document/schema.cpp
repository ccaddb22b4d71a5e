// SPDX-License-Identifier: GPL-2.0-or-later
#include "document/schema.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "document/load.hpp"
#include "document/types.hpp"

namespace relapse::document {
namespace {

std::string join(std::string_view prefix, std::string_view key) {
  if (prefix.empty() || key.empty()) return fmt::format("{}{}", prefix, key);
  return fmt::format("{}.{}", prefix, key);
}

std::string_view parentOf(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

std::string_view lastOf(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string listed(const std::vector<std::string_view>& keys) {
  if (keys.size() == 1) return fmt::format("the key {}", keys.front());
  return fmt::format("one of the keys {}", fmt::join(keys, ", "));
}

bool contains(const std::vector<std::string_view>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// What stands for a map with one key.
Value asMapOf(std::string_view key, const Value& value) {
  return {value.place, Value::Map{Entry{std::string(key), value.place, value}}};
}

}  // namespace

// Walks the table and the tree together. Sections are read by their rows' paths; what is below them
// lands in the same Settings.
class TableReader {
 public:
  TableReader(const Table& table, Errors& errors, std::string_view prefix) : table_(table), errors_(errors) {
    settings_.prefix_ = prefix;
  }

  Settings read(const Value& value) {
    if (value.map() != nullptr) {
      readMap({}, {table_.keys, table_.beside, {}}, &value, value.place);
    } else {
      leaveOut({}, value.place);
      errors_.add(value.place, settings_.prefix_,
                  fmt::format("expected a map with {}, found {}", listed(childrenOf({})), describe(value)));
    }
    return std::move(settings_);
  }

 private:
  std::vector<std::string_view> childrenOf(std::string_view path) const {
    std::vector<std::string_view> keys;
    for (const Row& row : table_.rows) {
      if (parentOf(row.path) == path) keys.push_back(lastOf(row.path));
    }
    return keys;
  }

  std::string key(std::string_view path) const { return join(settings_.prefix_, path); }

  void readMap(std::string_view path, const Section& rule, const Value* map, const Place& place) {
    if (map != nullptr) refuseUnknown(path, *map);
    if (map != nullptr || rule.keys == Keys::ExactlyOne) checkRule(path, rule, map, place);
    for (const Row& row : table_.rows) {
      if (parentOf(row.path) != path) continue;
      const Value* value = map == nullptr ? nullptr : map->find(lastOf(row.path));
      if (value == nullptr && map != nullptr && isMisspelt(lastOf(row.path), *map, childrenOf(path))) {
        setAside(row, place);
        settings_.settings_[std::string(row.path)].written = true;
      } else {
        readRow(row, value, place);
      }
    }
  }

  static bool holdsUnknown(const Value& map, const std::vector<std::string_view>& known) {
    return std::any_of(map.map()->begin(), map.map()->end(),
                       [&](const Entry& entry) { return !contains(known, entry.key); });
  }

  // A key of the map that is not known is a slip of `key`: said already.
  static bool isMisspelt(std::string_view key, const Value& map, const std::vector<std::string_view>& known) {
    return std::any_of(map.map()->begin(), map.map()->end(), [&](const Entry& entry) {
      return !contains(known, entry.key) && nearest(entry.key, known) == key;
    });
  }

  void refuseUnknown(std::string_view path, const Value& map) {
    const std::vector<std::string_view> known = childrenOf(path);
    for (const Entry& entry : *map.map()) {
      if (contains(known, entry.key)) continue;
      errors_.add(entry.place, key(join(path, entry.key)),
                  fmt::format("expected {}, found {}{}", listed(known), quote(entry.key), meant(entry.key, known)));
    }
  }

  // A near key of this map, or else one of that very name elsewhere.
  std::string meant(const std::string& found, const std::vector<std::string_view>& known) const {
    std::string near = didYouMean(found, known);
    if (!near.empty()) return near;
    for (const Row& row : table_.rows) {
      if (lastOf(row.path) == found) return fmt::format("; did you mean \"{}\"?", row.path);
    }
    return {};
  }

  // The keys that a rule counts.
  std::vector<std::string_view> countedOf(std::string_view path, const Section& rule) const {
    std::vector<std::string_view> keys = childrenOf(path);
    std::erase_if(keys, [&](std::string_view key) { return contains(rule.beside, key); });
    return keys;
  }

  void checkRule(std::string_view path, const Section& rule, const Value* map, const Place& place) {
    if (rule.keys == Keys::Any) return;
    const std::vector<std::string_view> counted = countedOf(path, rule);
    std::vector<std::string_view> present;
    for (const std::string_view child : counted) {
      if (map != nullptr && map->find(child) != nullptr) present.push_back(child);
    }
    if (present.size() == 1 || (present.empty() && rule.keys == Keys::AtMostOne)) return;
    const bool misspelt = present.empty() && map != nullptr && holdsUnknown(*map, childrenOf(path));
    if (misspelt) return;  // said already
    errors_.add(place, key(path),
                fmt::format("expected {} one of the keys {}, found {}",
                            rule.keys == Keys::AtMostOne ? "at most" : "exactly", fmt::join(counted, ", "),
                            present.empty() ? "none" : fmt::format("{}", fmt::join(present, " and "))));
  }

  void readRow(const Row& row, const Value* value, const Place& around) {
    if (const auto* section = std::get_if<Section>(&row.type)) {
      const bool alone = value != nullptr && value->text() != nullptr && !section->alone.empty();
      const Value map = alone ? asMapOf(section->alone, *value) : Value{};
      readSection(row, *section, alone ? &map : value, around);
    } else if (value != nullptr) {
      keep(row, parse(row.type, *value, key(row.path), errors_), *value);
    } else if (const auto* preset = std::get_if<Default>(&row.need)) {
      keepDefault(row, *preset, around);
    } else {
      setAside(row, around);
      if (std::holds_alternative<Required>(row.need)) {
        errors_.add(around, key(row.path), fmt::format("expected {}, found no such key", describe(row.type)));
      }
    }
  }

  void readSection(const Row& row, const Section& section, const Value* value, const Place& around) {
    Settings::Setting& setting = settings_.settings_[std::string(row.path)];
    setting.place = value == nullptr ? around : value->place;
    setting.written = value != nullptr;
    const bool isMap = value != nullptr && value->map() != nullptr;
    if (value != nullptr && !isMap) {
      const std::string alone = section.alone.empty() ? "" : fmt::format("the value of {} or ", section.alone);
      errors_.add(
          value->place, key(row.path),
          fmt::format("expected {}a map with {}, found {}", alone, listed(childrenOf(row.path)), describe(*value)));
    }
    const bool leftOut = value == nullptr && std::holds_alternative<Optional>(row.need);
    setting.valid = isMap || (value == nullptr && !leftOut);
    if (setting.valid) {
      readMap(row.path, section, value, setting.place);
    } else {
      leaveOut(row.path, setting.place);
    }
  }

  void setAside(const Row& row, const Place& around) {
    settings_.settings_[std::string(row.path)] = {{}, around, false};
    if (std::holds_alternative<Section>(row.type)) leaveOut(row.path, around);
  }

  // Nothing below the path is set, and nothing of it is missed.
  void leaveOut(std::string_view path, const Place& around) {
    const std::string start = path.empty() ? "" : fmt::format("{}.", path);
    for (const Row& row : table_.rows) {
      if (row.path.starts_with(start)) settings_.settings_[std::string(row.path)] = {{}, around, false};
    }
  }

  void keepDefault(const Row& row, const Default& preset, const Place& around) {
    Errors defects;
    const std::optional<Value> value = document::parse(preset.yaml, "default", defects);
    std::optional<Parsed> parsed = value ? parse(row.type, *value, row.path, defects) : std::nullopt;
    if (!defects.empty()) throw std::logic_error("schema: " + defects.text());
    settings_.settings_[std::string(row.path)] = {std::move(*parsed), around, true};
  }

  void keep(const Row& row, std::optional<Parsed> parsed, const Value& value) {
    Settings::Setting& setting = settings_.settings_[std::string(row.path)];
    setting.place = value.place;
    setting.valid = parsed.has_value();
    setting.written = true;
    if (parsed) setting.value = std::move(*parsed);
    if (const Value::List* list = value.list()) {
      for (const Value& item : *list) setting.items.push_back(item.place);
    }
  }

  std::optional<Parsed> parse(const Type& type, const Value& value, std::string_view at, Errors& errors) {
    if (std::holds_alternative<Anything>(type)) return std::monostate{};
    const auto* list = std::get_if<ListOf>(&type);
    return list == nullptr ? parseScalar(type, value, at, errors) : parseList(*list, value, at, errors);
  }

  std::optional<Parsed> parseList(const ListOf& type, const Value& value, std::string_view at, Errors& errors) {
    const Value::List* items = value.list();
    const Value::List one = type.alone && items == nullptr && !value.isEmpty() ? Value::List{value} : Value::List{};
    if ((items == nullptr && one.empty()) || (items != nullptr && items->size() < type.least)) {
      const std::string found = items != nullptr ? "an empty list" : describe(value);
      errors.add(value.place, at, fmt::format("expected {}, found {}", describe(Type{type}), found));
      return std::nullopt;
    }
    if (items != nullptr && items->size() > type.most) {
      errors.add(value.place, at, fmt::format("expected at most {} items, found {}", type.most, items->size()));
      return std::nullopt;
    }
    const bool alone = items == nullptr;
    return parseItems(type, alone ? one : *items, alone, at, errors);
  }

  std::optional<Parsed> parseItems(const ListOf& type, const Value::List& items, bool alone, std::string_view at,
                                   Errors& errors) {
    const std::size_t before = errors.size();
    std::vector<std::string> texts;
    std::vector<Settings> tables;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string itemKey = alone ? std::string(at) : fmt::format("{}[{}]", at, i);
      if (const auto* table = std::get_if<const Table*>(&type.item)) {
        tables.push_back(document::read(**table, items[i], errors, itemKey));
        continue;
      }
      const auto* text = std::get_if<Text>(&type.item);
      const Type itemType = text != nullptr ? Type{*text} : Type{std::get<Word>(type.item)};
      const std::optional<Parsed> parsed = parseScalar(itemType, items[i], itemKey, errors);
      if (!parsed) continue;
      texts.push_back(std::get<std::string>(*parsed));
      if (type.unique && !seen.insert(texts.back()).second) {
        errors.add(items[i].place, itemKey,
                   fmt::format("expected each item once, found {} again", quote(texts.back())));
      }
    }
    if (std::holds_alternative<const Table*>(type.item)) return tables;  // a wrong one holds its place
    return errors.size() == before ? std::optional<Parsed>(texts) : std::nullopt;
  }

  const Table& table_;
  Errors& errors_;
  Settings settings_;
};

Settings read(const Table& table, const Value& value, Errors& errors, std::string_view prefix) {
  return TableReader(table, errors, prefix).read(value);
}

const Settings::Setting& Settings::at(std::string_view path) const {
  const auto found = settings_.find(path);
  if (found == settings_.end()) throw std::logic_error(fmt::format("schema: no row for {}", path));
  return found->second;
}

bool Settings::has(std::string_view path) const {
  return at(path).valid;
}

bool Settings::isWritten(std::string_view path) const {
  return at(path).written;
}

const Place& Settings::place(std::string_view path) const {
  return at(path).place;
}

const Place& Settings::place(std::string_view path, std::size_t item) const {
  const Setting& setting = at(path);
  return item < setting.items.size() ? setting.items[item] : setting.place;
}

std::string Settings::key(std::string_view path) const {
  return join(prefix_, path);
}

}  // namespace relapse::document
