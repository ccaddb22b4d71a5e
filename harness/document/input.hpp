// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "document/errors.hpp"
#include "document/values.hpp"

namespace relapse::document {

// A document's text, fit for parsing: without byte order mark, lines end in LF. Knows where an
// offset is.
class Input {
 public:
  Input(std::string_view raw, std::string name);

  const std::string& text() const { return text_; }
  const std::string& name() const { return name_; }

  // What is past the end is at the end of the last line.
  Place placeOf(std::size_t offset) const;

  // The text is UTF-8 without control characters; what is not is in `errors`, the first only.
  bool isClean(Errors& errors) const;

 private:
  std::string name_;
  std::string text_;
  std::vector<std::size_t> lineStarts_;
  // Where the last question was answered: most questions go forward on one line, and lines can be long.
  mutable std::size_t knownOffset_ = 0;
  mutable int knownColumn_ = 1;
};

// Length in bytes of the UTF-8 character at `at`; 0 when there is none.
std::size_t utf8Length(std::string_view text, std::size_t at);

// C0, DEL and C1, but for tab and line feed.
bool holdsControlCharacter(std::string_view text);

}  // namespace relapse::document
