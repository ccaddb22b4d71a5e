// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>

#include "console/report.hpp"
#include "console/tables.hpp"
#include "console/values.hpp"

namespace relapse::console {

// Frames that no report waits for. kFewest of them in a row are a call trace whose beginning is lost:
// an event of kind Unparsed. "Call trace:" begins another one.
class Strays {
 public:
  static constexpr std::size_t kFewest = 3;
  static constexpr Instant kQuiet{300};

  explicit Strays(const Tables& tables) : tables_(&tables) {}

  bool empty() const { return !begun_; }
  void begin(const KernelLine& traceStart);
  void take(const RawFrame& frame, const KernelLine& line);

  // Another line came: the trace, when it is one.
  std::optional<ConsoleEvent> end();
  bool quietSince(Instant now) const { return begun_ && now - seen_ >= kQuiet; }

 private:
  void note(const KernelLine& line);

  const Tables* tables_;
  bool begun_ = false;
  ConsoleEvent event_;
  Instant seen_{0};
};

}  // namespace relapse::console
