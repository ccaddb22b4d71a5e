// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "console/body.hpp"
#include "console/headlines.hpp"
#include "console/skip.hpp"

namespace relapse::console {

// All that the parser knows of the kernel's messages and functions, as rows. A value: a test takes a
// row out of a copy and sees what is missed without it.
class Tables {
 public:
  static const Tables& kernel();

  const HeadlineTable& headlines() const { return headlines_; }
  const BodyTable& body() const { return body_; }
  const SkipTable& skip() const { return skip_; }

  std::size_t rows() const;
  std::string rowName(std::size_t row) const;  // "headline: INFO: task ", "skip: dump_stack"
  Tables without(std::size_t row) const;

  // What a line holds that begins an event, each once, as extended regular expressions.
  std::vector<std::string> startPatterns() const;

 private:
  HeadlineTable headlines_;
  BodyTable body_;
  SkipTable skip_;
};

}  // namespace relapse::console
