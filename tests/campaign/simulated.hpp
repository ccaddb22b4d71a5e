// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <random>
#include <string>

#include "campaign/values.hpp"

namespace relapse::campaign {

// Kernels whose bug comes at known rates, and the time that their tries take.
class SimulatedKernel {
 public:
  explicit SimulatedKernel(std::uint64_t seed) : random_(seed) {}

  std::map<std::string, double> rates;  // by candidate; others: 0
  std::chrono::milliseconds each{1000};
  std::chrono::milliseconds now{0};
  std::chrono::milliseconds building{0};  // of the first try
  int tries = 0;

  TryResult attempt(const std::string& candidate) {
    const auto found = rates.find(candidate);
    return attempt(found == rates.end() ? 0 : found->second);
  }

  TryResult attempt(double rate) {
    TryResult result;
    result.outcome = std::bernoulli_distribution(rate)(random_) ? Outcome::Reproduced : Outcome::Survived;
    if (result.outcome == Outcome::Reproduced) {
      result.signature = "the bug";
      result.toEvent = each / 2;
    }
    result.building = tries++ == 0 ? building : std::chrono::milliseconds(0);
    result.time = each + result.building;
    now += result.time;
    return result;
  }

  Elapsed clock() const {
    return [this] { return now; };
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace relapse::campaign
