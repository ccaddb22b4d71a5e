// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stop_token>
#include <thread>

namespace relapse::cli {

// Turns the first SIGINT, SIGTERM or SIGHUP into a request to stop; a second one ends the process at
// once (the supervisor then ends the guests). One object in a process.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  int ends_[2] = {-1, -1};
  std::jthread listener_;
};

}  // namespace relapse::cli
