// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenario/resolved.hpp"

#include <optional>
#include <string_view>

#include "document/load.hpp"
#include "document/write.hpp"

namespace relapse::scenario {
namespace {

using document::Value;

Value* entryOf(Value* value, std::string_view key) {
  auto* map = value == nullptr ? nullptr : std::get_if<Value::Map>(&value->content);
  if (map == nullptr) return nullptr;
  for (auto& entry : *map)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

void remove(Value* value, std::string_view key) {
  if (auto* map = value == nullptr ? nullptr : std::get_if<Value::Map>(&value->content))
    std::erase_if(*map, [&](const document::Entry& entry) { return entry.key == key; });
}

}  // namespace

Result<std::string> resolvedText(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  document::Errors errors;
  std::optional<Value> tree = document::load(file, errors);
  if (!tree) return errors.failure();
  for (const auto& assignment : overrides) document::applyOverride(*tree, assignment, errors);
  if (!errors.empty()) return errors.failure();
  remove(&*tree, "matrix");
  remove(&*tree, "repeat");
  remove(entryOf(&*tree, "kernel"), "series");
  remove(entryOf(entryOf(entryOf(&*tree, "nodes"), "server"), "kernel"), "series");
  return document::write(*tree);
}

Result<std::string> overriddenText(const std::string& text, const std::vector<std::string>& overrides) {
  document::Errors errors;
  std::optional<Value> tree = document::parse(text, "the scenario", errors);
  if (!tree) return errors.failure();
  for (const auto& assignment : overrides) document::applyOverride(*tree, assignment, errors);
  if (!errors.empty()) return errors.failure();
  return document::write(*tree);
}

}  // namespace relapse::scenario
