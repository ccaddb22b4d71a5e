// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "guest/values.hpp"
#include "run/evidence.hpp"
#include "run/experiment.hpp"
#include "scenario/values.hpp"

namespace relapse::run {

// What was taken from the guest while it still stood at the event.
struct Collected {
  std::string node = {};  // whose
  std::vector<guest::Sample> samples = {};
  bool vmcore = false;                  // the run's directory has one
  std::vector<std::string> notes = {};  // what could not be had, and why
};

// Takes what the scenario asks for from the guest that failed first, when an event of a failing kind came. A stop, or
// a disk that takes less than 1 MiB of the guest's memory a second, costs the memory dump.
Collected collect(const scenario::Scenario& scenario, Experiment& experiment, Evidence& evidence,
                  const std::stop_token& stop);

}  // namespace relapse::run
