// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "document/errors.hpp"
#include "document/schema.hpp"
#include "document/values.hpp"

namespace relapse::document {

// Scalars as they are written. Nothing: it is not one, or it does not fit into 64 bits.
std::optional<std::int64_t> parseInteger(std::string_view text);
std::optional<std::uint64_t> parseSize(std::string_view text);
std::optional<std::chrono::seconds> parseDuration(std::string_view text);
std::optional<std::chrono::milliseconds> parseShortDuration(std::string_view text);
std::optional<std::chrono::seconds> parseTimeShift(std::string_view text);
std::optional<std::int64_t> parsePercent(std::string_view text);  // of "20%" 20, whatever the number
std::optional<Ratio> parseFraction(std::string_view text, int most);

// A value of any type but ListOf, Section and Anything. Nothing: it is not one, and `errors` says so.
std::optional<Parsed> parseScalar(const Type& type, const Value& value, std::string_view key, Errors& errors);

}  // namespace relapse::document
