// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "failure/values.hpp"
#include "guest/guest_host.hpp"
#include "report/values.hpp"
#include "run/values.hpp"

namespace relapse::run {

// Conducts one scenario to its verdict: builds the kernel, boots the guest, does the steps, watches,
// collects the evidence, and writes the run directory. Every run that got as far as a run directory
// ends in a record; a failure of the infrastructure makes it Inconclusive.
// Failures (no record): BadInput, HostLacks, Cancelled, and what the state directory refuses.
Result<report::RunRecord> conduct(const RunRequest& request, guest::GuestHost& host, const Observer& observer);

}  // namespace relapse::run
