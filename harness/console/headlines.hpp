// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "console/values.hpp"

namespace relapse::console {

// What follows a headline.
enum class Extent {
  Report,     // registers, a trace, ...
  Line,       // nothing: the line is the event
  Text,       // a few lines, and no trace
  Continues,  // a report; or it goes on with an open one of its family (Oops after "Unable to handle ...")
  Ends,       // as Continues, and it is the last line of it
};

// The line that begins an event, read.
struct Headline {
  EventKind kind = EventKind::Unparsed;
  Extent extent = Extent::Report;
  std::string words = {};     // the title less " in function"
  bool namesFunction = true;  // the title goes on with the innermost meaningful frame
  std::optional<int> cpu = {};
  std::string task = {};
  std::optional<int> pid = {};
  std::optional<RawFrame> function = {};  // the place that the line itself names
  std::string release = {};
};

// `text` without printk's prefix. Nothing: the line begins no event. A `cut` line that could still
// become a headline of several kinds begins none.
std::optional<Headline> readHeadline(std::string_view text, bool cut);

// "cat invoked oom-killer: gfp_mask=...": begins a report although it does not start like one.
bool isOomInvocation(std::string_view text);

// For panics and the like: without "+0x1/0x2" behind symbols, and without addresses.
std::string withoutAddresses(std::string_view text);

}  // namespace relapse::console
