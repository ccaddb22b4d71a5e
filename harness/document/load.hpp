// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "document/errors.hpp"
#include "document/values.hpp"
#include "failure/values.hpp"

namespace relapse::document {

// Reads one YAML document: UTF-8 (a byte order mark and CRLF are fine), keys are scalars, no tags,
// within the limits of values.hpp. An empty file is an Empty value. Places hold the path as given.
// A failure is BadInput with every error found.
Result<Value> load(const std::filesystem::path& file);

// The same, for a caller that has more to say than these errors: they go to `errors`, and what
// could be read of the tree is returned (a second key of the same name is an error and left out).
// Nothing: there is no tree (no file, not YAML, beyond a limit).
std::optional<Value> load(const std::filesystem::path& file, Errors& errors);

// The same for text in memory; `name` stands in for the file.
std::optional<Value> parse(std::string_view text, const std::string& name, Errors& errors);

// Puts "KEY=VALUE" onto a tree: KEY is a dotted path whose list items are numbers from 0
// ("steps.1.work.writers", "steps[1].work.writers"), VALUE is YAML. Maps on the way are made where
// there are none. All places of the new value are "--set KEY".
void applyOverride(Value& tree, std::string_view assignment, Errors& errors);

// The same for a value that has a place already; `place` is that of the key.
void put(Value& tree, std::string_view key, Value value, const Place& place, Errors& errors);

// A value put at `upper` replaces what is at `lower`: the same path, or one above it.
bool covers(std::string_view upper, std::string_view lower);

}  // namespace relapse::document
