// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenario/matrix.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "document/load.hpp"
#include "document/write.hpp"

namespace relapse::scenario {
namespace {

using document::Entry;
using document::Errors;
using document::Value;

// The keys of the matrix that count, each with a list of one value or more.
std::vector<const Entry*> rowsOf(const Value::Map& matrix, const std::vector<std::string>& overrides, Errors& errors) {
  std::vector<const Entry*> rows;
  for (const Entry& entry : matrix) {
    const std::string key = fmt::format("matrix.{}", entry.key);
    const Value::List* values = entry.value.list();
    const bool replaced = std::any_of(overrides.begin(), overrides.end(), [&](std::string_view assignment) {
      return document::covers(assignment.substr(0, assignment.find('=')), entry.key);
    });
    if (!document::covers(entry.key, entry.key)) {
      errors.add(entry.place, "matrix",
                 fmt::format("expected a key such as nfs.mount.version, found {}", document::quote(entry.key)));
    } else if (document::covers("matrix", entry.key)) {
      errors.add(entry.place, key, "expected a key outside of the matrix, found \"matrix\"");
    } else if (values == nullptr || values->empty()) {
      errors.add(entry.value.place, key,
                 fmt::format("expected a list of one value or more, found {}",
                             values == nullptr ? document::describe(entry.value) : "an empty list"));
    } else if (!replaced) {
      rows.push_back(&entry);
    }
  }
  return rows;
}

// Of which another is a part, or the same in another spelling: one would undo the other.
void refuseOverlaps(const std::vector<const Entry*>& rows, Errors& errors) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows.size(); ++j) {
      if (i == j || !document::covers(rows[i]->key, rows[j]->key)) continue;
      if (j < i && document::covers(rows[j]->key, rows[i]->key)) continue;  // the same: said once
      errors.add(rows[j]->place, fmt::format("matrix.{}", rows[j]->key),
                 fmt::format("expected a key that is no part of another, found {} in {}", document::quote(rows[j]->key),
                             document::quote(rows[i]->key)));
    }
  }
}

std::vector<Cell> timesRow(const std::vector<Cell>& cells, const Entry& row) {
  std::vector<Cell> product;
  for (const Cell& cell : cells) {
    for (const Value& value : *row.value.list()) {
      product.push_back(cell);
      product.back().settings.push_back({row.key, row.place, value});
    }
  }
  return product;
}

}  // namespace

std::vector<std::string> Cell::names() const {
  std::vector<std::string> names;
  for (const Setting& setting : settings)
    names.push_back(fmt::format("{}={}", setting.key, document::flow(setting.value)));
  return names;
}

std::vector<Cell> cellsOf(const Value& tree, const std::vector<std::string>& overrides, Errors& errors) {
  const Value* matrix = tree.find("matrix");
  if (matrix == nullptr) return {Cell{}};
  if (matrix->map() == nullptr) {
    errors.add(
        matrix->place, "matrix",
        fmt::format("expected a map of keys, each with a list of values, found {}", document::describe(*matrix)));
    return {Cell{}};
  }
  const std::vector<const Entry*> rows = rowsOf(*matrix->map(), overrides, errors);
  std::size_t count = 1;
  for (const Entry* row : rows) {
    count *= row->value.list()->size();
    if (count <= kMostCells) continue;
    errors.add(matrix->place, "matrix", fmt::format("expected at most {} combinations, found more", kMostCells));
    return {Cell{}};
  }
  refuseOverlaps(rows, errors);
  std::vector<Cell> cells{Cell{}};
  for (const Entry* row : rows) cells = timesRow(cells, *row);
  return cells;
}

}  // namespace relapse::scenario
