// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bisect/evidence.hpp"
#include "bisect/space.hpp"
#include "bisect/values.hpp"
#include "campaign/bisect_log.hpp"

namespace relapse::campaign {

// What is known of one kernel.
struct KernelState {
  bool built = false;
  std::string sum;
  std::string release;
  std::string skipped;  // why it cannot be tried; empty: it can
  bisect::Tally tally;
  bisect::Tally searched;  // of it, what the search asked for
  std::vector<TryEnded> tries;
};

// One search: for the first of `candidates` that, put on all before it and on `fixed`, brings the bug. The first search
// has all candidates and nothing fixed; those after it (--subset) look for what the ones found before need.
struct BisectRound {
  bisect::Space space;
  std::vector<Mix> kernels;  // by number, from 0
  std::vector<Mix> checks;   // by candidate; the first is for nothing
};
BisectRound roundOf(const BisectPlan& plan, bool fixedBy);
BisectRound roundOf(const BisectPlan& plan, std::size_t upTo, const std::set<std::size_t>& fixed);

// All that a log says.
class BisectState {
 public:
  // The events of a log; the first is its begin.
  explicit BisectState(const std::vector<BisectEvent>& events);
  void apply(const BisectEvent& event);

  const BisectBegun& begun() const { return begun_; }
  const std::string& target() const { return target_; }
  const std::string& source() const { return source_; }  // of the kernels; empty: none was built yet
  const KernelState& kernel(const Mix& mix) const;
  // Of the kernel and of all that are the same binary.
  bisect::Tally tallyOf(const Mix& mix) const;
  // What builds took that were not in the cache, but for the first: that one may have been of the whole source.
  const std::vector<std::chrono::milliseconds>& builds() const { return builds_; }
  const std::map<std::string, KernelState>& kernels() const { return kernels_; }
  // Tries that started and did not end, by number.
  const std::map<int, TryStarted>& underWay() const { return underWay_; }
  int lastTry() const { return lastTry_; }
  // In all sessions, as far as the log tells: up to the last try that ended in each.
  std::chrono::milliseconds spent() const { return spent_ + session_; }
  const std::optional<BisectEnded>& ended() const { return ended_; }

  bisect::Evidence evidence(const BisectRound& round) const;

 private:
  BisectBegun begun_;
  std::string target_;
  std::string source_;
  std::vector<std::chrono::milliseconds> builds_;
  bool builtOne_ = false;
  std::map<std::string, KernelState> kernels_;
  std::map<int, TryStarted> underWay_;
  int lastTry_ = 0;
  std::chrono::milliseconds spent_{0};    // in the sessions before
  std::chrono::milliseconds session_{0};  // in this one
  std::optional<BisectEnded> ended_;
};

}  // namespace relapse::campaign
