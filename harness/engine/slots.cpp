// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/slots.hpp"

namespace relapse::engine {

namespace {

bool fits(const Size& size, const Slots& slots) {
  return slots.jobs > 0 && size.cpus <= slots.free.cpus && size.memory <= slots.free.memory;
}

}  // namespace

std::vector<std::size_t> chooseToStart(std::vector<Waiting>& waiting, Slots slots) {
  std::vector<std::size_t> chosen;
  std::vector<std::size_t> passedBy;  // ready, and too large for what is free
  for (std::size_t at = 0; at < waiting.size() && slots.jobs > 0; ++at) {
    const Waiting& job = waiting[at];
    if (!job.ready) continue;
    if (!fits(job.size, slots)) {
      if (job.passed >= kMostPassed) break;
      passedBy.push_back(at);
      continue;
    }
    slots.free.cpus -= job.size.cpus;
    slots.free.memory -= job.size.memory;
    --slots.jobs;
    chosen.push_back(at);
    bool oneHasWaitedEnough = false;
    for (const std::size_t large : passedBy) oneHasWaitedEnough |= ++waiting[large].passed >= kMostPassed;
    if (oneHasWaitedEnough) break;
  }
  return chosen;
}

}  // namespace relapse::engine
