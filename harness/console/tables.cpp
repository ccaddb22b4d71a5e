// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/tables.hpp"

#include <algorithm>
#include <string_view>

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

std::vector<std::string> Tables::startPatterns() const {
  std::vector<std::string> patterns{"CPU: [0-9]+ PID: "};  // the report of dump_stack()
  for (const HeadlineRow& row : headlines_.messages()) {
    std::string pattern;
    for (const char c : row.start) {
      if (std::string_view("\\^$.[]|()?*+{}").find(c) != std::string_view::npos) pattern += '\\';
      pattern += c;
    }
    if (std::find(patterns.begin(), patterns.end(), pattern) == patterns.end()) patterns.push_back(std::move(pattern));
  }
  return patterns;
}

}  // namespace relapse::console
