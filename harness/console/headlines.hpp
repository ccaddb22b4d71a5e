// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "console/starts.hpp"
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
  bool holder = false;                    // the place is where a lock was taken that its lines below name
  bool locks = false;                     // the place is the first of those lines that is the bug's own
  bool usage = false;                     // the place is in the first stack below, where a lock became irq-safe
  std::string release = {};
};

struct HeadlineRow {
  // Reads what stands behind the start. False: the line only looked like a headline.
  using Reader = bool (*)(std::string_view rest, Headline& headline);

  std::string_view start;
  EventKind kind;
  std::string_view words;
  Reader read = nullptr;
  Extent extent = Extent::Report;
};

struct SubsystemRow {
  std::string_view start;
};

// The lines that begin events.
class HeadlineTable {
 public:
  HeadlineTable();  // the kernel's

  // False: this line begins no event. Two or three nanoseconds; asked for each line of a log.
  bool mayBegin(std::string_view text) const { return headlines_.mayFit(text) || subsystems_.mayFit(text); }

  // `text` without printk's prefix. Nothing: the line begins no event. A `cut` line that could still
  // become a headline of several kinds begins none.
  std::optional<Headline> read(std::string_view text, bool cut) const;

  std::size_t rows() const { return headlines_.rows().size() + subsystems_.rows().size(); }
  std::string rowName(std::size_t row) const;
  void remove(std::size_t row);

  const std::vector<HeadlineRow>& messages() const { return headlines_.rows(); }

 private:
  static bool isPlaced(const Headline& headline);
  bool isAmbiguous(std::string_view text, EventKind kind) const;

  Starts<HeadlineRow> headlines_;
  Starts<SubsystemRow> subsystems_;  // what may stand before a headline
};

// "cat invoked oom-killer: gfp_mask=...": begins a report although it does not start like one.
bool isOomInvocation(std::string_view text);

// For panics and the like: without "+0x1/0x2" behind symbols, and without addresses.
std::string withoutAddresses(std::string_view text);

}  // namespace relapse::console
