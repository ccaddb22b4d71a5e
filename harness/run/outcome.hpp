// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"
#include "report/values.hpp"

namespace relapse::run {

// What came out of a run, as far as two runs of the same thing are compared.
struct Outcome {
  struct Event {
    std::string kind;  // "soft-lockup"
    std::string title;
    std::string node;
    std::chrono::milliseconds at{0};  // on the run's clock
  };
  std::string id;
  std::string startedAt;
  std::string relapse;  // its version
  std::string tools;
  std::string verdict;    // its word
  std::string signature;  // of reproduced and other-failure
  std::string reason;     // of inconclusive
  std::vector<Event> events;
  std::vector<report::StageTime> stages;
};

Outcome outcomeOf(const report::RunRecord& record);

// As JSON, with the keys that result.json has for the same; read from either. BadInput: no outcome in it.
std::string outcomeJson(const Outcome& outcome);
Result<Outcome> readOutcome(std::string_view json);

// A quality in which two runs differ; `first` and `second` in words.
struct Difference {
  std::string what;  // "verdict", "signature", "events", "tools", "relapse"
  std::string first;
  std::string second;
};

struct Comparison {
  bool same = false;  // verdict and signature; never true of two inconclusive runs
  std::vector<Difference> differences;
};

// Pure.
Comparison compare(const Outcome& first, const Outcome& second);

}  // namespace relapse::run
