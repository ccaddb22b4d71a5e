// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace relapse::process {

// Keeps the last bytes of a stream and cuts it into lines as it comes. A line longer than 1 MiB is
// given in pieces.
class StreamText {
 public:
  StreamText(std::size_t keepBytes, std::function<void(std::string_view)> onLine);

  void add(std::string_view bytes);
  void finish();       // gives the last line, if it has no end
  std::string take();  // what was kept

 private:
  void cut();

  std::size_t keepBytes_;
  std::function<void(std::string_view)> onLine_;
  std::string kept_;
  std::string open_;  // the line whose end has not come
};

// The last `count` lines of `text` that are not blank, joined by line ends.
std::string lastLines(std::string_view text, std::size_t count);

}  // namespace relapse::process
