// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "console/values.hpp"

namespace relapse::console {

// Tells lockups of the kernel from those that its printing made. It is shown every call trace of
// dump_stack() and asked about every lockup, in the order of the log. Bounded memory, pure.
class ArtefactJudge {
 public:
  // A dump_stack() trace went by. `path` names its functions: equal for traces of the same path.
  void sawTrace(std::uint64_t path, std::optional<double> kernelTime);

  // ConsoleOutput when the CPU of this lockup or stall was in code that prints, or when the time that
  // it was stuck for is full of traces of one path. None for events of other kinds.
  Artefact judge(const ConsoleEvent& event) const;

  void newBoot();

 private:
  struct Trace {
    std::uint64_t path = 0;
    std::optional<double> kernelTime = {};
  };
  static constexpr std::size_t kRemembered = 64;

  std::array<Trace, kRemembered> traces_{};  // a ring
  std::size_t seen_ = 0;
};

}  // namespace relapse::console
