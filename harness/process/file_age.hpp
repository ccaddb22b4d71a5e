// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

namespace relapse::process {

// How long ago a file was written. Nothing when it is not there, or was written at a time that has yet to come: the
// clock was set back since, and nobody knows.
inline std::optional<std::filesystem::file_time_type::duration> ageOf(const std::filesystem::path& file) {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(file, error);
  if (error) return std::nullopt;
  const auto age = std::filesystem::file_time_type::clock::now() - written;
  return age < age.zero() ? std::nullopt : std::optional(age);
}

}  // namespace relapse::process
