// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"
#include "logfile/packing.hpp"
#include "process/descriptor.hpp"

namespace relapse::logfile {

inline constexpr std::size_t kPiece = 128u << 10;  // bytes that are read at a time

// Opens a log for reading; "-" is standard input (a duplicate of its descriptor). BadInput: it is
// missing, a directory, or may not be read.
Result<process::Descriptor> openLog(const std::string& name);

// "LOG", or "standard input" for "-".
std::string shownName(const std::string& name);

// The bytes of a descriptor as they are, in pieces.
class RawBytes {
 public:
  RawBytes(std::string name, process::Descriptor descriptor);

  // What the first bytes say. Waits for as many as are needed to tell. Before the first next() only.
  Result<PackingFound> packing();

  // The next piece; it is valid until the next call. Empty: the end.
  Result<std::string_view> next();

  int descriptor() const { return descriptor_.get(); }
  const std::string& name() const { return name_; }

 private:
  Result<std::size_t> fill(std::size_t from);

  std::string name_;
  process::Descriptor descriptor_;
  std::vector<char> buffer_;
  std::size_t peeked_ = 0;  // bytes of the buffer that next() has still to give out
};

// A packing that is known, and not read here.
tl::unexpected<Failure> unsupported(const std::string& name, const PackingFound& found);

}  // namespace relapse::logfile
