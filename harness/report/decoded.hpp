// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "report/event_json.hpp"
#include "stacktrace/values.hpp"

namespace relapse::report {

// The text of a source line; empty: it is not to be had.
using SourceLine = std::function<std::string(const stacktrace::SourcePlace&)>;

// What a frame means, a line for each function, innermost first:
//   nfs_writepage_setup (fs/nfs/write.c:1219), inlined
//   nfs_updatepage (fs/nfs/write.c:1429)
// or "undecoded: why". With `source`, each source line below its function. No control characters.
std::string decodedText(const stacktrace::Frame& frame, std::size_t indent, const SourceLine& source = {});

// Keys as in docs/decode.md.
Json callsJson(const stacktrace::Frame& frame, const SourceLine& source = {});
Json decodedJson(const stacktrace::Frame& frame, std::uint64_t line, std::optional<double> time,
                 const SourceLine& source = {});

}  // namespace relapse::report
