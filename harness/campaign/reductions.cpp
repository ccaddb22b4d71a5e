// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/reductions.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace relapse::campaign {
namespace {

using document::Value;

constexpr std::string_view kLists[] = {"steps",           "nfs.mount.options",    "probes.events",
                                       "probes.rpcdebug", "probes.dynamic-debug", "probes.sysctls"};
// A key that may go, and the value that it has then.
struct Key {
  std::string_view name;
  std::string_view otherwise;
};
constexpr Key kKeys[] = {{"jitter", "0s"},
                         {"probes", ""},
                         {"nodes.server", ""},
                         {"nodes.client.reaches-host", "false"},
                         {"nodes.client.memory", "512MiB"},
                         {"nodes.server.reaches-host", "false"},
                         {"nodes.server.memory", "512MiB"},
                         {"nodes.server.cpus", "2"},
                         {"nfs.mount.version", "4.1"},
                         {"nfs.export.full", "false"},
                         {"nfs.export.read-only", "false"},
                         {"nfs.export.quota", ""},
                         {"nfs.export.grace", "false"},
                         {"nfs.export.medium", "ram"},
                         {"nfs.export.filesystem", "tmpfs"}};
constexpr Key kKeysOfSteps[] = {{"work.threads", "false"}, {"work.verify", "false"}, {"work.as", "root"},
                                {"work.size", ""},         {"work.seed", ""},        {"work.file", "shared"},
                                {"work.on", "clients"},    {"work.chance", "100%"},  {"fault.for", ""}};
constexpr std::string_view kNumbers[] = {"nodes.client.count", "nodes.client.cpus"};
constexpr std::string_view kNumbersOfWork[] = {"writers", "rounds"};

using Path = std::vector<std::string>;

Path pathOf(std::string_view dotted) {
  Path path;
  for (std::size_t begin = 0; begin <= dotted.size();) {
    const auto end = std::min(dotted.find('.', begin), dotted.size());
    path.emplace_back(dotted.substr(begin, end - begin));
    begin = end + 1;
  }
  return path;
}

Value* childOf(Value& value, const std::string& key) {
  if (auto* list = std::get_if<Value::List>(&value.content)) {
    std::size_t index = list->size();
    std::from_chars(key.data(), key.data() + key.size(), index);
    return index < list->size() ? &(*list)[index] : nullptr;
  }
  if (auto* map = std::get_if<Value::Map>(&value.content))
    for (auto& entry : *map)
      if (entry.key == key) return &entry.value;
  return nullptr;
}

Value* at(Value& tree, const Path& path) {
  Value* value = &tree;
  for (const auto& key : path)
    if (value != nullptr) value = childOf(*value, key);
  return value;
}

const Value* at(const Value& tree, const Path& path) {
  return at(const_cast<Value&>(tree), path);  // NOLINT: nothing is changed
}

void removeKey(Value& tree, Path path) {
  const std::string key = path.back();
  path.pop_back();
  Value* parent = at(tree, path);
  if (auto* map = parent == nullptr ? nullptr : std::get_if<Value::Map>(&parent->content))
    std::erase_if(*map, [&](const document::Entry& entry) { return entry.key == key; });
}

std::string wordsOf(const Value& value) {
  if (const auto* text = value.text()) return *text;
  const auto* map = value.map();
  if (map == nullptr || map->empty()) return "...";
  const auto& first = map->front();
  if (first.value.text() != nullptr && *first.value.text() == "true") return first.key;
  const auto* program = first.value.find("program");
  return fmt::format("{}: {}", first.key, wordsOf(program != nullptr ? *program : first.value));
}

std::optional<std::int64_t> numberIn(const Value* value) {
  const auto* text = value == nullptr ? nullptr : value->text();
  std::int64_t number = 0;
  if (text == nullptr || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc{})
    return std::nullopt;
  return number;
}

class Finder {
 public:
  explicit Finder(const Value& tree) : tree_(tree) {}

  std::vector<Reduction> all() {
    for (const auto list : kLists) chunks(std::string(list));
    for (const auto& key : kKeys) without(pathOf(key.name), key.otherwise, std::string(key.name));
    for (const auto number : kNumbers) smaller(pathOf(number), std::string(number));
    const auto* steps = tree_.find("steps");
    const std::size_t count = steps != nullptr && steps->list() != nullptr ? steps->list()->size() : 0;
    for (std::size_t i = 0; i < count; ++i) step(i, steps->list()->at(i));
    return std::move(found_);
  }

 private:
  void chunks(const std::string& name) {
    const auto* value = at(tree_, pathOf(name));
    if (value != nullptr && value->text() != nullptr) return without(pathOf(name), {}, name);
    const auto* list = value == nullptr ? nullptr : value->list();
    if (list == nullptr || list->empty()) return;
    std::size_t size = list->size() == 1 ? 1 : list->size() / 2;
    for (; size > 0; size /= 2)
      for (std::size_t end = list->size(); end > 0; end -= std::min(size, end))  // later ones may wait for earlier ones
        withoutItems(name, *list, end - std::min(size, end), end);
  }

  void withoutItems(const std::string& name, const Value::List& list, std::size_t begin, std::size_t end) {
    Reduction less{{}, tree_};
    auto& content = std::get<Value::List>(at(less.tree, pathOf(name))->content);
    content.erase(content.begin() + static_cast<std::ptrdiff_t>(begin),
                  content.begin() + static_cast<std::ptrdiff_t>(end));
    const bool steps = name == "steps";
    if (end - begin == 1) {
      less.story = steps ? fmt::format("without step {} ({})", begin + 1, wordsOf(list[begin]))
                         : fmt::format("without {} of {}", wordsOf(list[begin]), name);
    } else {
      less.story = fmt::format("without {} {} to {}", steps ? "steps" : name, begin + 1, end);
    }
    found_.push_back(std::move(less));
  }

  void without(const Path& path, std::string_view otherwise, const std::string& name) {
    const auto* value = at(tree_, path);
    if (value == nullptr || (value->text() != nullptr && *value->text() == otherwise)) return;
    Reduction less{fmt::format("without {}", name), tree_};
    removeKey(less.tree, path);
    found_.push_back(std::move(less));
  }

  void smaller(const Path& path, const std::string& name) {
    const auto number = numberIn(at(tree_, path));
    if (!number || *number <= 1) return;
    set(path, name, *number, 1);
    if (*number > 3) set(path, name, *number, *number / 2);
  }

  void set(const Path& path, const std::string& name, std::int64_t from, std::int64_t to) {
    Reduction less{fmt::format("{} {} instead of {}", name, to, from), tree_};
    at(less.tree, path)->content = std::to_string(to);
    found_.push_back(std::move(less));
  }

  void step(std::size_t i, const Value& step) {
    const std::string where = fmt::format("in step {} ({})", i + 1, wordsOf(step));
    const std::string number = std::to_string(i);
    for (const auto key : kNumbersOfWork) {
      const std::size_t before = found_.size();
      smaller({"steps", number, "work", std::string(key)}, std::string(key));
      for (std::size_t k = before; k < found_.size(); ++k) found_[k].story += " " + where;
    }
    for (const auto& key : kKeysOfSteps) {
      Path path{"steps", number};
      for (auto& part : pathOf(key.name)) path.push_back(std::move(part));
      without(path, key.otherwise, fmt::format("{} {}", path.back(), where));
    }
  }

  const Value& tree_;
  std::vector<Reduction> found_;
};

}  // namespace

std::vector<Reduction> reductions(const document::Value& scenario) {
  return Finder(scenario).all();
}

}  // namespace relapse::campaign
