// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "engine/engine.hpp"

namespace relapse::engine {

struct LocalOptions {
  int cpus = 0;                   // 0: those that this process may use
  std::uint64_t memory = 0;       // bytes; 0: what is available now
  std::size_t jobs = 0;           // most at once; 0: as many as fit
  std::chrono::seconds grace{5};  // from SIGTERM to SIGKILL
};

// This host's slots. A job starts when its CPUs and memory fit beside those that run, for vCPUs that share a CPU make
// lockups of their own; in the order of submission, but a small one may pass a large one, a few times. One that asks
// for more CPUs than there are runs alone; one that asks for more memory than there is is BadInput. Each job leads a
// process group of its own, of which none outlives the job's leader.
std::unique_ptr<Engine> makeLocal(const LocalOptions& options);

}  // namespace relapse::engine
