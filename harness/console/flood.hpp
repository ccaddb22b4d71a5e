// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "console/values.hpp"

namespace relapse::console {

// Which call path a trace shows: equal for equal symbols and offsets.
std::uint64_t pathOf(const ConsoleEvent& event);

// Reports of dump_stack() that wait to be told: those on one path are one event with a count. Up to
// kMostPaths paths side by side; they leave in the order in which they began.
class Floods {
 public:
  static constexpr std::size_t kMostPaths = 16;
  static constexpr Instant kQuiet{300};
  static constexpr Instant kLongest{2000};  // since the first report, by arrival: a live watcher is not kept blind

  using Events = std::vector<ConsoleEvent>;

  // A report is over. `seen`: the arrival of its last byte; `quiet`: nothing followed it for a while. What
  // leaves is put behind `left`.
  void add(ConsoleEvent report, std::uint64_t path, Instant seen, bool quiet, Events& left);

  // For a report that the log's end cut off: the path of the flood whose trace begins with its frames, else its own.
  std::uint64_t pathThatBeginsAs(const ConsoleEvent& report) const;

  // As add(), for a report of which only the place need be kept. False: its path is not open.
  bool again(std::uint64_t path, const LastReport& report, Instant seen);

  // Something else begins: all leave.
  void close(Events& left);

  // Time passes without bytes: those that are quiet leave, a first report at once when it was quiet then.
  void tick(Instant now, Events& left);
  // Bytes come: those that have been open for kLongest leave.
  void expire(Instant now, Events& left);

  bool empty() const { return floods_.empty(); }

 private:
  struct Flood {
    ConsoleEvent event;
    std::uint64_t path;
    Instant seen;
    bool quiet;
  };

  void leave(std::size_t count, Events& left);

  std::vector<Flood> floods_;  // in the order in which they began
};

}  // namespace relapse::console
