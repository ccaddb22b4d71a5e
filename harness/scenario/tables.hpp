// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "document/schema.hpp"

namespace relapse::scenario {

// The schema of a scenario file: what scenario.cpp reads and reference.cpp prints.
const document::Table& scenarioTable();
const document::Table& stepTable();   // an item of `steps`
const document::Table& probeTable();  // an item of `probes.events`
const document::Table& eventTable();  // an item of `expect.reproduced`

}  // namespace relapse::scenario
