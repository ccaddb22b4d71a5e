// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "document/errors.hpp"
#include "document/values.hpp"

namespace relapse::scenario {

inline constexpr std::size_t kMostCells = 256;

// One combination of the matrix's values: what is put where.
struct Cell {
  struct Setting {
    std::string key;  // "nfs.mount.version"
    document::Place place;
    document::Value value;
  };
  std::vector<Setting> settings;

  std::vector<std::string> names() const;  // "nfs.mount.version=3", as --set takes them
};

// The combinations, those of the first key changing last; one that is empty when there is no matrix.
// A key of the matrix that one of `overrides` replaces is left out. At most kMostCells, or an error.
std::vector<Cell> cellsOf(const document::Value& tree, const std::vector<std::string>& overrides,
                          document::Errors& errors);

}  // namespace relapse::scenario
