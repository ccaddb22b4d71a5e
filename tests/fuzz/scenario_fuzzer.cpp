// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a scenario file: it loads, or its errors point into it. What loads can be written and read again.
#include <algorithm>
#include <cstdint>
#include <string>

#include "document/load.hpp"
#include "document/write.hpp"
#include "memory_file.hpp"
#include "require.hpp"
#include "scenario/matrix.hpp"
#include "scenario/scenario.hpp"

namespace relapse::scenario {
namespace {

using document::Errors;
using document::Value;

constexpr std::size_t kMostErrorText = 1u << 20;
constexpr const char* kFile = "hostile.yaml";

bool isSame(const Value& one, const Value& other) {
  if (one.content.index() != other.content.index()) return false;
  if (one.text() != nullptr) return *one.text() == *other.text();
  if (one.list() != nullptr) return std::ranges::equal(*one.list(), *other.list(), isSame);
  if (one.map() == nullptr) return true;
  return std::ranges::equal(*one.map(), *other.map(), [](const document::Entry& a, const document::Entry& b) {
    return a.key == b.key && isSame(a.value, b.value);
  });
}

std::size_t valuesIn(const Value& value, std::size_t depth) {
  require(depth <= document::kMostDepth, "a tree is not deeper than it may be");
  std::size_t count = 1;
  if (value.list() != nullptr)
    for (const Value& item : *value.list()) count += valuesIn(item, depth + 1);
  if (value.map() != nullptr)
    for (const document::Entry& entry : *value.map()) count += valuesIn(entry.value, depth + 1);
  return count;
}

void requireErrorLaws(const Errors& errors, std::string_view text) {
  const auto lines = std::max<std::ptrdiff_t>(1, std::ranges::count(text, '\n') + (text.ends_with('\n') ? 0 : 1));
  for (const Errors::Error& error : errors.all()) {
    require(!error.problem.empty(), "an error says what is wrong", text);
    require(error.place.line >= 0 && error.place.line <= lines, "an error points into the file", error.problem);
    require(error.place.line == 0 || error.place.column >= 1, "an error has a column", error.problem);
    require(static_cast<std::size_t>(error.place.column) <= text.size() + 1, "a column is of its line", error.problem);
  }
  const std::string all = errors.text();
  require(all.size() <= kMostErrorText, "errors are bounded", all);
  std::string_view rest = all;
  for (; !rest.empty(); rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1))
    require(isCleanText(rest.substr(0, rest.find('\n'))), "errors are clean text", all);
}

void requireRoundTrip(const Value& tree) {
  Errors errors;
  const std::string text = document::write(tree);
  const auto again = document::parse(text, kFile, errors);
  require(again && errors.empty() && isSame(tree, *again), "a tree is the same when it was written", text);
  const std::string line = document::flow(tree);
  require(line.find('\n') == std::string::npos, "a value on one line is on one line", line);
  const auto flown = document::parse(line, kFile, errors);
  require(flown && errors.empty() && isSame(tree, *flown), "a tree is the same when it was on one line", line);
}

bool isFileName(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

// What becomes part of a path or of a command in the guest.
void requireScenarioLaws(const Scenario& scenario, std::string_view text) {
  require(isFileName(scenario.name), "a scenario's name can be a file's", scenario.name);
  for (const std::string& config : scenario.kernel.config)
    require(config.find('/') == std::string::npos && !config.starts_with('.'), "a fragment is a name", config);
  for (const auto& [name, node] : scenario.nodes) require(isFileName(name), "a node's name is plain", name);
  for (const Step& step : scenario.steps)
    if (const auto* work = std::get_if<WorkStep>(&step))
      require(work->file.find('/') == std::string::npos && work->file != "..", "work is on a file of the mount", text);
}

#ifdef RELAPSE_PLANTED_BUG
void requireNoPlantedBug(const Value& value) {
  if (value.text() != nullptr)
    require(value.text()->find_first_of("^~") == std::string::npos, "the planted bug", *value.text());
  if (value.map() != nullptr)
    for (const document::Entry& entry : *value.map()) requireNoPlantedBug(entry.value);
}
#endif

void check(std::string_view text) {
  Errors errors;
  const auto tree = document::parse(text, kFile, errors);
  requireErrorLaws(errors, text);
  require(tree || !errors.empty(), "what is not read has an error", text);
  if (!tree) return;
  require(valuesIn(*tree, 1) <= document::kMostValues, "a tree has not more values than it may", text);
  requireRoundTrip(*tree);
#ifdef RELAPSE_PLANTED_BUG
  requireNoPlantedBug(*tree);
#endif
  const MemoryFile file(text);
  const auto scenarios = loadCells(file.path());
  if (!scenarios) {
    require(scenarios.error().kind == FailureKind::BadInput, "a file that is wrong is bad input", text);
    require(!scenarios.error().message.empty(), "it is said what is wrong", text);
    return;
  }
  require(errors.empty(), "what has errors does not load", text);
  require(!scenarios->empty() && scenarios->size() <= kMostCells, "a matrix is bounded", text);
  for (const Scenario& scenario : *scenarios) requireScenarioLaws(scenario, text);
}

}  // namespace
}  // namespace relapse::scenario

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  relapse::scenario::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
