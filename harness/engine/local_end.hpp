// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "engine/values.hpp"

namespace relapse::engine {

// Why this engine told a job to end.
enum class Told { Nothing, Limit, Cancelled };

// What the end of a job's process means: its wait status, and whether its file is there. Pure.
JobEnd endOfProcess(const Job& job, bool file, int waitStatus, Told told, const std::string& host);

}  // namespace relapse::engine
