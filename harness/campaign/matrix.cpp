// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/matrix.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include <fnmatch.h>

#include <fmt/format.h>

#include "checksum/checksum.hpp"
#include "document/load.hpp"
#include "document/schema.hpp"
#include "document/write.hpp"
#include "scenario/scenario.hpp"

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;
using namespace document;
using namespace std::chrono_literals;

constexpr std::size_t kMostNightCells = 10'000;

bool isName(std::string_view text) {
  constexpr std::string_view kOthers = "._+-";
  return !text.empty() && text.size() <= 64 && text.front() != '.' && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

const Text kName{"a name of letters, digits, '.', '_', '+' and '-'", isName};
const Text kPattern{"a name, or a pattern of names such as nfs-*"};
const Text kPath{"a file's path"};

const Table& kernelTable() {
  static const Table table{"a kernel",
                           Keys::Any,
                           {{"source", Text{"a kernel source such as debian-6.1, a tree, a tarball or git:DIR#REF"},
                             Required{}, "what is built"},
                            {"name", kName, Optional{}, "what it is called; else the last part of its source"},
                            {"patches", ListOf{kPath, 0, true, true}, Default{"[]"}, "on top of the scenario's series"},
                            {"config", ListOf{kPath, 0, true, true}, Default{"[]"}, "more fragments"}}};
  return table;
}

const Table& scenarioTable() {
  static const Table table{
      "a scenario",
      Keys::Any,
      {{"scenario", Text{"a scenario's file, or a name of `relapse list`"}, Required{}, "which one"},
       {"runs", Integer{1, 1000}, Optional{}, "a night in each cell"},
       {"priority", Integer{1, 100}, Default{"1"}, "so many times as much is a run of it worth as another's"}}};
  return table;
}

const Table& variantTable() {
  static const Table table{
      "a variant",
      Keys::Any,
      {{"name", kName, Required{}, "what it is called"},
       {"set", Anything{"a map of keys, as --set takes them, each with its value"}, Required{}, "what it sets"}}};
  return table;
}

const Table& excludeTable() {
  static const Table table{"an exclude",
                           Keys::Any,
                           {{"kernel", kPattern, Default{"'*'"}, "cells of these kernels"},
                            {"scenario", kPattern, Default{"'*'"}, "of these scenarios"},
                            {"variant", kPattern, Default{"'*'"}, "of these variants"},
                            {"why", Text{"a sentence"}, Required{}, "is shown in place of a result"}}};
  return table;
}

const Table& matrixTable() {
  static const Table table{
      "a matrix",
      Keys::Any,
      {{"name", kName, Required{}, "what its nights are called"},
       {"summary", Text{"one line of text"}, Optional{}, "what it is for"},
       {"kernels", ListOf{&kernelTable(), 1, false, true, 100}, Required{}, "each a source, or a map"},
       {"scenarios", ListOf{&scenarioTable(), 1, false, true, 1000}, Required{}, "each a name, or a map"},
       {"variants", ListOf{&variantTable(), 0, false, true, 100}, Default{"[]"}, "each runs every scenario once more"},
       {"exclude", ListOf{&excludeTable(), 0, false, true, 1000}, Default{"[]"}, "cells that are not run"},
       {"runs", Integer{1, 1000}, Default{"3"}, "a night in each cell"},
       {"confirm", Integer{0, 1000}, Default{"30"}, "runs at most to confirm a change in a cell"},
       {"budget", Duration{1s, 24h * 7}, Optional{}, "no run begins that would end later; builds count"},
       {"false-flags", Percent{}, Default{"5%"}, "so often a night without a change may be flagged"}}};
  return table;
}

// One that is written as a word is the map with that word under `key`.
void spellOut(Value& tree, std::string_view list, const char* key) {
  Value::Map* entries = std::get_if<Value::Map>(&tree.content);
  if (entries == nullptr) return;
  const auto entry = std::ranges::find(*entries, list, &Entry::key);
  if (entry == entries->end()) return;
  const auto spell = [&](Value& item) {
    if (item.text() == nullptr) return;
    Value inside = item;
    item.content = Value::Map{{key, item.place, std::move(inside)}};
  };
  if (auto* items = std::get_if<Value::List>(&entry->value.content)) {
    for (auto& item : *items) spell(item);
  } else {
    spell(entry->value);
  }
}

// The items of a list that may stand alone.
std::vector<const Value*> itemsOf(const Value* list) {
  std::vector<const Value*> items;
  if (list == nullptr) return items;
  if (list->list() == nullptr) return {list};
  for (const auto& item : *list->list()) items.push_back(&item);
  return items;
}

struct Variant {
  std::string name;
  std::vector<std::string> sets;
};

struct MatrixScenario {
  fs::path file;
  std::string name;
  Place place;
  int runs = 1;
  double priority = 1;
};

struct Exclude {
  std::string kernel;
  std::string scenario;
  std::string variant;
  std::string why;
};

// A matrix being read. Errors go to `errors`; what is right is gone on with.
class Reading {
 public:
  Reading(Value tree, const fs::path& file, const FindScenario& find, Errors& errors)
      : tree_(std::move(tree)), file_(file), find_(find), errors_(errors) {}

  Matrix read();

 private:
  MatrixKernel kernelOf(const Settings& settings) const;
  std::optional<MatrixScenario> scenarioOf(const Settings& settings, int runs);
  Variant variantOf(const Settings& settings, const Value& item);
  void addCells(const MatrixKernel& kernel, const MatrixScenario& scenario, const Variant& variant, Matrix& matrix);
  std::optional<std::string> excluded(const MatrixCell& cell, const std::string& variant) const;
  void refuseSameKeys(const Matrix& matrix);
  std::vector<fs::path> besideFile(const std::vector<std::string>& names) const;
  const std::vector<scenario::Scenario>& loaded(const MatrixScenario& scenario, const Variant& variant);

  Value tree_;
  const fs::path& file_;
  const FindScenario& find_;
  Errors& errors_;
  std::vector<Exclude> excludes_;
  std::map<std::string, std::vector<scenario::Scenario>> loaded_;  // by file and variant: each is read once
};

std::vector<fs::path> Reading::besideFile(const std::vector<std::string>& names) const {
  std::vector<fs::path> paths;
  for (const auto& name : names) paths.push_back((file_.parent_path() / name).lexically_normal());
  return paths;
}

MatrixKernel Reading::kernelOf(const Settings& settings) const {
  MatrixKernel kernel;
  kernel.source = settings.get<std::string>("source");
  std::error_code error;
  const fs::path beside = file_.parent_path() / kernel.source;
  if (!kernel.source.empty() && fs::exists(beside, error)) kernel.source = fs::canonical(beside, error);
  kernel.name = settings.has("name") ? settings.get<std::string>("name") : fs::path(kernel.source).filename().string();
  kernel.patches = besideFile(settings.get<std::vector<std::string>>("patches"));
  kernel.configs = besideFile(settings.get<std::vector<std::string>>("config"));
  if (!isName(kernel.name) && !settings.isWritten("name"))
    errors_.add(settings.place("source"), settings.key("source"),
                fmt::format("expected a name beside it, as its last part is none: {}", quote(kernel.name)));
  for (const auto& [path, files] : {std::pair{"patches", &kernel.patches}, {"config", &kernel.configs}})
    for (std::size_t i = 0; i < files->size(); ++i)
      if (!fs::is_regular_file((*files)[i], error))
        errors_.add(settings.place(path, i), settings.key(path),
                    fmt::format("expected a file, found {}", quote((*files)[i].string())));
  return kernel;
}

std::optional<MatrixScenario> Reading::scenarioOf(const Settings& settings, int runs) {
  const auto named = settings.get<std::string>("scenario");
  if (named.empty()) return std::nullopt;
  std::error_code error;
  const fs::path beside = file_.parent_path() / named;
  auto file = fs::is_regular_file(beside, error) ? Result<fs::path>(beside.lexically_normal()) : find_(named);
  if (!file) {
    errors_.add(settings.place("scenario"), settings.key("scenario"), file.error().message);
    return std::nullopt;
  }
  MatrixScenario scenario{*file, file->stem().string(), settings.place("scenario"), runs, 1};
  if (settings.has("runs")) scenario.runs = static_cast<int>(settings.get<std::int64_t>("runs"));
  scenario.priority = static_cast<double>(settings.get<std::int64_t>("priority"));
  return scenario;
}

Variant Reading::variantOf(const Settings& settings, const Value& item) {
  Variant variant{settings.get<std::string>("name"), {}};
  const Value* set = item.find("set");
  if (set == nullptr) return variant;
  if (set->map() == nullptr) {
    errors_.add(set->place, settings.key("set"), fmt::format("expected a map of keys, found {}", describe(*set)));
    return variant;
  }
  for (const Entry& entry : *set->map()) variant.sets.push_back(fmt::format("{}={}", entry.key, flow(entry.value)));
  return variant;
}

const std::vector<scenario::Scenario>& Reading::loaded(const MatrixScenario& scenario, const Variant& variant) {
  const auto [place, isNew] = loaded_.try_emplace(scenario.file.string() + '\n' + variant.name);
  if (!isNew) return place->second;
  auto cells = scenario::loadCells(scenario.file, variant.sets);
  if (cells) {
    place->second = std::move(*cells);
  } else {
    const std::string which = variant.name.empty() ? "" : fmt::format(" with the variant {}", variant.name);
    errors_.add(
        scenario.place, "scenarios",
        fmt::format("expected a scenario that loads{}, found one with errors:\n{}", which, cells.error().message));
  }
  return place->second;
}

std::optional<std::string> Reading::excluded(const MatrixCell& cell, const std::string& variant) const {
  const auto matches = [](const std::string& pattern, const std::string& name) {
    return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  };
  for (const auto& exclude : excludes_)
    if (matches(exclude.kernel, cell.kernel.name) && matches(exclude.scenario, cell.scenario.name) &&
        matches(exclude.variant, variant))
      return exclude.why;
  return std::nullopt;
}

void Reading::addCells(const MatrixKernel& kernel, const MatrixScenario& scenario, const Variant& variant,
                       Matrix& matrix) {
  for (const auto& loadedOne : loaded(scenario, variant)) {
    MatrixCell cell;
    cell.kernel = kernel;
    cell.scenario = loadedOne;
    cell.sets = variant.sets;
    cell.sets.insert(cell.sets.end(), loadedOne.cell.begin(), loadedOne.cell.end());
    cell.variant = variant.name;
    if (!loadedOne.cell.empty())
      cell.variant += fmt::format("{}{}", variant.name.empty() ? "" : " ", fmt::join(loadedOne.cell, " "));
    cell.key = fmt::format("{}/{}", kernel.name, loadedOne.name);
    if (!cell.variant.empty()) cell.key += "/" + cell.variant;
    cell.runs = scenario.runs;
    cell.priority = scenario.priority;
    cell.excluded = excluded(cell, variant.name);
    matrix.cells.push_back(std::move(cell));
  }
}

void Reading::refuseSameKeys(const Matrix& matrix) {
  std::set<std::string> keys;
  for (const auto& cell : matrix.cells)
    if (!keys.insert(cell.key).second)
      errors_.add(tree_.place, "", fmt::format("expected each cell once, found {} twice", quote(cell.key)));
}

Matrix Reading::read() {
  spellOut(tree_, "kernels", "source");
  spellOut(tree_, "scenarios", "scenario");
  const Settings settings = document::read(matrixTable(), tree_, errors_);
  Matrix matrix;
  matrix.name = settings.get<std::string>("name");
  matrix.summary = settings.get<std::string>("summary");
  matrix.file = file_;
  matrix.confirm = static_cast<int>(settings.get<std::int64_t>("confirm"));
  matrix.falseFlags = static_cast<double>(settings.get<std::int64_t>("false-flags")) / 100;
  if (settings.has("budget")) matrix.budget = settings.get<std::chrono::seconds>("budget");
  const int runs = static_cast<int>(settings.get<std::int64_t>("runs"));

  for (const auto& one : settings.get<std::vector<Settings>>("exclude"))
    excludes_.push_back({one.get<std::string>("kernel"), one.get<std::string>("scenario"),
                         one.get<std::string>("variant"), one.get<std::string>("why")});
  std::vector<MatrixScenario> scenarios;
  for (const auto& one : settings.get<std::vector<Settings>>("scenarios"))
    if (auto scenario = scenarioOf(one, runs)) scenarios.push_back(std::move(*scenario));
  std::vector<Variant> variants;
  const auto items = itemsOf(tree_.find("variants"));
  const auto read = settings.get<std::vector<Settings>>("variants");
  for (std::size_t i = 0; i < read.size() && i < items.size(); ++i) variants.push_back(variantOf(read[i], *items[i]));
  if (variants.empty()) variants.emplace_back();
  for (const auto& one : settings.get<std::vector<Settings>>("kernels")) {
    const auto kernel = kernelOf(one);
    for (const auto& scenario : scenarios)
      for (const auto& variant : variants) addCells(kernel, scenario, variant, matrix);
  }
  if (matrix.cells.size() > kMostNightCells)
    errors_.add(tree_.place, "",
                fmt::format("expected at most {} cells, found {}", kMostNightCells, matrix.cells.size()));
  refuseSameKeys(matrix);
  return matrix;
}

}  // namespace

Result<Matrix> loadMatrix(const fs::path& file, const FindScenario& find) {
  Errors errors;
  auto tree = document::load(file, errors);
  if (!tree) return errors.failure();
  std::error_code error;
  const fs::path absolute = fs::absolute(file, error).lexically_normal();
  Matrix matrix = Reading(std::move(*tree), absolute, find, errors).read();
  if (!errors.empty()) return errors.failure("docs/nightly.md describes every key");
  std::ifstream in(file, std::ios::binary);
  checksum::Sha256 sum;
  sum.add(std::string(std::istreambuf_iterator<char>(in), {}));
  matrix.sum = sum.hex();
  return matrix;
}

}  // namespace relapse::campaign
