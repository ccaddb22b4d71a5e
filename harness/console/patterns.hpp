// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"

namespace relapse::console {

// Patterns in RE2's syntax, looked for all at once, anywhere in a line.
class PatternSet {
 public:
  PatternSet() = default;  // none
  // BadInput: names the first pattern that RE2 refuses, and why.
  static Result<PatternSet> make(std::vector<std::string> patterns);

  bool empty() const { return patterns_.empty(); }
  // The first of the patterns that `line` holds; nothing: none.
  std::optional<std::size_t> firstIn(std::string_view line) const;
  const std::string& text(std::size_t pattern) const { return patterns_[pattern]; }

 private:
  struct Compiled;

  std::vector<std::string> patterns_;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace relapse::console
