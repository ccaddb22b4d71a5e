// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace relapse::cli {

// Standard output. After the first write that fails nothing more is written. Not thread-safe.
class Output {
 public:
  void write(std::string_view text);
  void flush();

  bool broken() const { return error_ != 0; }

  // Flushes, and answers `status`; when not all could be written, says why (a reader that went away
  // is no surprise: nothing is said) and answers another one.
  int end(int status);

 private:
  int error_ = 0;  // errno of the write that failed
};

}  // namespace relapse::cli
