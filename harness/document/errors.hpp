// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "document/values.hpp"
#include "failure/values.hpp"

namespace relapse::document {

// All that is wrong with a document. Not thread-safe.
class Errors {
 public:
  struct Error {
    Place place;
    std::string key;
    std::string problem;
  };

  // `key` is the dotted path ("steps[1].work.writers"), empty for the document itself; `problem`
  // reads: expected X, found "Y".
  void add(const Place& place, std::string_view key, std::string_view problem);

  bool empty() const { return errors_.empty(); }
  std::size_t size() const { return errors_.size(); }
  const std::vector<Error>& all() const { return errors_; }

  // There is one with the same words at the same place.
  bool holds(const Error& error) const;

  // "file:line:column: key: problem", one a line in the file's order, overrides last. After the
  // first hundred only a count.
  std::string text() const;

  // text() as FailureKind::BadInput.
  tl::unexpected<Failure> failure(std::string advice = {}) const;

 private:
  std::vector<Error> errors_;
};

// "file:3:5", or the file alone when the place has no line.
std::string describe(const Place& place);

// In double quotes, control characters escaped, cut after 60 characters.
std::string quote(std::string_view text);

// What an error says it found: the scalar quoted, "a list", "a map" or "nothing".
std::string describe(const Value& value);

// The candidate that `word` is most likely a slip of; empty when none is near. Letter case does
// not count.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

// "; did you mean "X"?", or nothing.
std::string didYouMean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace relapse::document
