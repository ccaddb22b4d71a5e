// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace relapse::console {

// Rows with a text `start` each, of two bytes or more: finds those that a line starts with, in the
// order of the rows, without a look at the others.
template <class Row>
class Starts {
 public:
  explicit Starts(std::span<const Row> rows) : rows_(rows.begin(), rows.end()) { index(); }

  // Is there a row with the first two bytes of `text`? A load and a shift: for each line of a log.
  bool mayFit(std::string_view text) const { return text.size() >= 2 && pairs_[pair(text)]; }

  // Shows the rows that `text` starts with to `visit`, until it answers true.
  template <class Visit>
  bool any(std::string_view text, Visit visit) const {
    if (!mayFit(text)) return false;
    for (const std::uint16_t row : byFirst_[static_cast<unsigned char>(text.front())]) {
      if (text.starts_with(rows_[row].start) && visit(rows_[row])) return true;
    }
    return false;
  }

  const std::vector<Row>& rows() const { return rows_; }
  void remove(std::size_t row) {
    rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(row));
    index();
  }

 private:
  static std::size_t pair(std::string_view text) {
    return static_cast<std::size_t>(static_cast<unsigned char>(text[0])) << 8 | static_cast<unsigned char>(text[1]);
  }

  void index() {
    pairs_.reset();
    byFirst_ = {};
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      pairs_.set(pair(rows_[row].start));
      byFirst_[static_cast<unsigned char>(rows_[row].start.front())].push_back(static_cast<std::uint16_t>(row));
    }
  }

  std::vector<Row> rows_;
  std::bitset<65536> pairs_;
  std::array<std::vector<std::uint16_t>, 256> byFirst_;
};

}  // namespace relapse::console
