// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

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

// Takes what the scenario asks for from the guest that failed first, when an event of a failing kind came.
Collected collect(const scenario::Scenario& scenario, Experiment& experiment, Evidence& evidence);

}  // namespace relapse::run
