// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "campaign/values.hpp"
#include "failure/values.hpp"
#include "history/values.hpp"

namespace relapse::campaign {

// What `relapse build --result FILE` leaves.
struct BuiltKernel {
  std::string kernel;  // its source, as it was asked for
  std::string release;
  std::string buildId;
  std::string codeSum;  // kernel::sumOfCode()
  bool fromCache = false;
};

// What a run that was started as a job leaves for who started it (`relapse run --result FILE`): its row of the
// history; a build its kernel; or why there is none. JSON, written whole or not at all.
using RunFile = std::variant<history::Run, BuiltKernel, Failure>;

std::string runFileText(const RunFile& file);

// BadInput: it is none.
Result<RunFile> parseRunFile(std::string_view text);

// Under another name first, so that whoever sees the file sees all of it. Exhausted: the disk is full.
Result<void> writeRunFile(const std::filesystem::path& path, const RunFile& file);
Result<RunFile> readRunFile(const std::filesystem::path& path);

// A run of the history as a try.
TryResult resultOf(const history::Run& run);

}  // namespace relapse::campaign
