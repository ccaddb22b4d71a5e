// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/tables.hpp"

namespace relapse::console {

const Tables& Tables::kernel() {
  static const Tables tables;
  return tables;
}

std::size_t Tables::rows() const {
  return headlines_.rows() + body_.rows() + skip_.rows();
}

std::string Tables::rowName(std::size_t row) const {
  if (row < headlines_.rows()) return headlines_.rowName(row);
  row -= headlines_.rows();
  return row < body_.rows() ? body_.rowName(row) : skip_.rowName(row - body_.rows());
}

Tables Tables::without(std::size_t row) const {
  Tables less = *this;
  const std::size_t afterHeadlines = headlines_.rows();
  const std::size_t afterBody = afterHeadlines + body_.rows();
  if (row < afterHeadlines) {
    less.headlines_.remove(row);
  } else if (row < afterBody) {
    less.body_.remove(row - afterHeadlines);
  } else {
    less.skip_.remove(row - afterBody);
  }
  return less;
}

}  // namespace relapse::console
