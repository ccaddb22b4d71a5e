// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "document/errors.hpp"
#include "document/load.hpp"

namespace relapse::document {
namespace {

// "steps[1].work" -> steps, 1, work; nothing when a part is empty, or when there are too many.
std::vector<std::string> partsOf(std::string_view key) {
  std::vector<std::string> parts(1);
  for (std::size_t at = 0; at < key.size(); ++at) {
    const bool closed = key[at] == ']' && (at + 1 == key.size() || key[at + 1] == '.' || key[at + 1] == '[');
    if (closed) continue;
    if (key[at] == '.' || key[at] == '[') {
      parts.emplace_back();
    } else {
      parts.back() += key[at];
    }
  }
  const bool hole = std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return part.empty(); });
  return hole || parts.size() > kMostDepth ? std::vector<std::string>{} : parts;
}

// Where an override is going: the steps done so far, and what is said when the next cannot be.
class Descent {
 public:
  Descent(Value& root, Place place, Errors& errors) : at_(&root), place_(std::move(place)), errors_(errors) {}

  Value* target() const { return at_; }

  bool enter(const std::string& part) {
    if (at_->isEmpty()) {
      at_->content = Value::Map{};
      at_->place = place_;
    }
    if (auto* list = std::get_if<Value::List>(&at_->content)) return enterItem(*list, part);
    if (auto* map = std::get_if<Value::Map>(&at_->content)) return enterKey(*map, part);
    return refuse("expected a map or a list", describe(*at_));
  }

 private:
  bool enterItem(Value::List& list, const std::string& part) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool number = error == std::errc{} && end == part.data() + part.size();
    if (!number || index >= list.size()) {
      const std::string range = list.empty() ? "an empty list has none" : fmt::format("0 to {}", list.size() - 1);
      return refuse(fmt::format("expected the number of an item ({})", range), quote(part));
    }
    at_ = &list[index];
    done_ += fmt::format("[{}]", index);
    return true;
  }

  bool enterKey(Value::Map& map, const std::string& part) {
    done_ += (done_.empty() ? "" : ".") + part;
    for (Entry& entry : map) {
      if (entry.key != part) continue;
      at_ = &entry.value;
      return true;
    }
    map.push_back({part, place_, {place_, Value::Empty{}}});
    at_ = &map.back().value;
    return true;
  }

  bool refuse(std::string_view expected, std::string_view found) {
    errors_.add(place_, {}, fmt::format("{} at {}, found {}", expected, done_.empty() ? "the top" : done_, found));
    return false;
  }

  Value* at_;
  Place place_;
  Errors& errors_;
  std::string done_;
};

void placeAll(Value& value, const Place& place) {
  value.place = place;
  if (auto* list = std::get_if<Value::List>(&value.content)) {
    for (Value& item : *list) placeAll(item, place);
  } else if (auto* map = std::get_if<Value::Map>(&value.content)) {
    for (Entry& entry : *map) {
      entry.place = place;
      placeAll(entry.value, place);
    }
  }
}

void putAt(Value& tree, const std::vector<std::string>& parts, Value value, const Place& place, Errors& errors) {
  Descent descent(tree, place, errors);
  for (const std::string& part : parts) {
    if (!descent.enter(part)) return;
  }
  *descent.target() = std::move(value);
}

}  // namespace

void applyOverride(Value& tree, std::string_view assignment, Errors& errors) {
  const std::size_t equals = assignment.find('=');
  const std::string_view key = assignment.substr(0, equals);
  const std::vector<std::string> parts = partsOf(key);
  if (equals == std::string_view::npos || parts.empty()) {
    errors.add({"--set", 0, 0}, {},
               fmt::format("expected KEY=VALUE such as nodes.client.cpus=4, found {}", quote(assignment)));
    return;
  }
  const Place place{fmt::format("--set {}", key), 0, 0};
  std::optional<Value> value = parse(assignment.substr(equals + 1), place.file, errors);
  if (!value) return;
  placeAll(*value, place);
  putAt(tree, parts, std::move(*value), place, errors);
}

void put(Value& tree, std::string_view key, Value value, const Place& place, Errors& errors) {
  const std::vector<std::string> parts = partsOf(key);
  if (parts.empty()) {
    errors.add(place, {}, fmt::format("expected a key such as nodes.client.cpus, found {}", quote(key)));
    return;
  }
  putAt(tree, parts, std::move(value), place, errors);
}

bool covers(std::string_view upper, std::string_view lower) {
  const std::vector<std::string> above = partsOf(upper);
  const std::vector<std::string> below = partsOf(lower);
  if (above.empty() || above.size() > below.size()) return false;
  return std::equal(above.begin(), above.end(), below.begin());
}

}  // namespace relapse::document
