// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "console/tables.hpp"
#include "console/values.hpp"

namespace relapse::console {

// Tells stalls of the kernel's own making from those that its printing made. It is shown every call
// trace of dump_stack() and asked about every event, in the order of the log. Bounded memory, pure.
class ArtefactJudge {
 public:
  explicit ArtefactJudge(const Tables& tables = Tables::kernel()) : tables_(&tables) {}

  // A dump_stack() trace went by. `path` names its functions: equal for traces of the same path.
  void sawTrace(std::uint64_t path, std::optional<double> kernelTime);

  // ConsoleOutput for a lockup or stall whose CPU was in code that prints, and for any stall, a hung
  // task too, during whose whole time traces of one path were printed (an RCU stall's headline does not
  // say how long: there the CPU's code alone tells). None for all else.
  Artefact judge(const ConsoleEvent& event) const;

  void newBoot() { moments_ = {}; }

 private:
  // The paths that were printed in one half of a second.
  struct Moment {
    static constexpr std::size_t kPaths = 4;
    std::int64_t number = -1;
    std::array<std::uint64_t, kPaths> paths = {};
    std::size_t count = 0;
  };
  static constexpr std::size_t kMoments = 512;

  bool isPrinting(const ConsoleEvent& event) const;
  bool printedIn(std::uint64_t path, double from, double until) const;
  bool printedThroughout(std::uint64_t path, double from, double until) const;
  bool flooded(double from, double until) const;

  const Tables* tables_;
  std::array<Moment, kMoments> moments_ = {};  // by number, modulo
};

}  // namespace relapse::console
