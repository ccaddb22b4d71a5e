// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "failure/values.hpp"
#include "guest/guest_host.hpp"
#include "run/experiment.hpp"
#include "scenario/values.hpp"

namespace relapse::run {

// The faults of a run: which are in force, and how they are undone. For the run's thread.
class Faults {
 public:
  Faults(const scenario::Scenario& scenario, Experiment& experiment, guest::GuestHost& host)
      : scenario_(scenario), experiment_(experiment), host_(host) {}
  ~Faults() { experiment_.forgetTimers(); }  // what stands then stands until the guests' end
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;

  // Asks each guest whether it can do the faults that its steps want. BadInput, with the guest's reason, if not.
  Result<void> check();

  // The export that the scenario wants to be full or read-only from the start.
  Result<void> takeThatOfTheExport();

  // Takes effect on every node of the step; undone after `lasts`, by Experiment's clock.
  Result<void> take(const scenario::FaultStep& step);

  // One that is to be undone at a time still stands.
  bool undoDue() const;

  // Undoes what stands and can be undone, the last first.
  Result<void> undoAll();

 private:
  struct InForce {
    scenario::Fault fault;
    std::string node;
    bool timed = false;
    int number = 0;
  };
  Result<void> act(const scenario::Fault& fault, const std::string& node, bool undo);
  Result<void> actOnHost(const scenario::Fault& fault, const std::string& node, bool undo);
  Result<void> undo(const InForce& inForce);
  void undoAtItsTime(int number);

  const scenario::Scenario& scenario_;
  Experiment& experiment_;
  guest::GuestHost& host_;
  std::vector<InForce> inForce_;
  int next_ = 1;
};

}  // namespace relapse::run
