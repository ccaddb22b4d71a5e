// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "console/report.hpp"
#include "console/tables.hpp"
#include "console/values.hpp"

namespace relapse::console {

// The lines of a whole dump_stack() report below its CPU line, as they were printed.
struct EchoTemplate {
  struct Piece {
    std::uint32_t first = 0;  // of `text`
    std::uint32_t size = 0;
    std::size_t is = 0;   // BodyLine::index()
    bool begins = false;  // "Call trace:"
    bool varies = false;  // another task's may differ: registers
  };
  std::string text = {};  // the lines, a line feed behind each
  std::vector<Piece> pieces = {};
  std::uint64_t path = 0;  // pathOf() its event
  bool cutShort = false;   // Report::cutShort()

  std::string_view line(std::size_t index) const { return {text.data() + pieces[index].first, pieces[index].size}; }
};

// Learns the lines of a report while it is read: only of one that has nothing but details and registers,
// then "Call trace:", then frames and details.
class EchoRecording {
 public:
  static constexpr std::size_t kMostLines = 320;
  static constexpr std::size_t kMostBytes = std::size_t{32} << 10;

  void take(const BodyLine& body, std::string_view text);
  bool usable() const { return whole_ && traced_; }  // of that form, as far as it came
  EchoTemplate& lines() { return lines_; }

 private:
  EchoTemplate lines_;
  bool whole_ = true;
  bool traced_ = false;
};

// A flood of dump_stack() prints the same lines again and again. This is the short way through it: it
// knows the last few reports, and while the lines that come are those of one of them nobody else has
// to read them. At the first line that differs, all that was held back is given back, to be read in
// the usual way: what comes of a log does not depend on this class. Bounded memory.
class Echo {
 public:
  static constexpr std::size_t kMostTemplates = 16;

  explicit Echo(const Tables& tables) : tables_(&tables) { templates_.reserve(kMostTemplates); }

  void learn(EchoTemplate&& lines);
  bool knowsAny() const { return !templates_.empty(); }
  bool active() const { return !entries_.empty(); }

  // A report begins with this CPU line; `message` is the line before it, when it belongs to it.
  void begin(const std::optional<KernelLine>& message, const KernelLine& cpuLine);

  enum class Step {
    Taken,
    TraceBegan,  // taken; "Call trace:" ends the report before
    Broken,      // not taken: all has to be given back, and the line read after it
  };
  // The kernel's next line. `isPlain(line)`: it belongs to no report, and begins none.
  template <class IsPlain>
  Step follow(const KernelLine& line, IsPlain isPlain) {
    if (matches(line)) return pieceBefore().begins ? Step::TraceBegan : Step::Taken;
    if (line.text.starts_with("CPU: ")) return beginNext(line) ? Step::Taken : Step::Broken;
    return between_ < kMostBetween && isPlain(line) && noteBetween(line) ? Step::Taken : Step::Broken;
  }
  // The text of the flood's next line, when take() may have it; else empty.
  std::string_view awaited() const { return awaited_; }
  // As follow(), at most speed, for a line with that text and no caller. False: it is not taken.
  bool take(std::uint64_t micros, LogSpan span, Instant arrival, Instant seen) {
    if (entries_.size() >= kMostEntries) return false;
    Entry& entry = entries_.emplace_back();
    entry.text = static_cast<std::uint32_t>(next_);
    entry.micros = micros;
    entry.span = span;
    entry.arrival = arrival;
    entry.seen = seen;
    took(span.past, seen);
    return true;
  }
  // A line of user space.
  Step pass();

  // The report before the one that goes on; it was whole.
  struct Whole {
    std::uint64_t path = 0;
    bool cutShort = false;
    LastReport place = {};
    Instant seen{0};
    std::string caller = {};
  };
  const Whole* previous() const { return second_ == 0 ? nullptr : &previous_; }
  void forgetPrevious();

  // Shows what is held back, in order: the message to onMessage, then the lines to onLine (a null
  // pointer stands for a line of user space). Ends the echo.
  template <class OnMessage, class OnLine>
  void giveBack(OnMessage onMessage, OnLine onLine);

 private:
  static constexpr int kMostBetween = 3;  // lines of others in a row; a report that is read would end soon
  static constexpr std::size_t kMostEntries = 1024;
  static constexpr std::uint64_t kNoTime = std::numeric_limits<std::uint64_t>::max();

  // A line that is held back: one of the template's, or one with a text of its own in texts_.
  struct Entry {
    enum class Is : std::uint8_t { Matched, Own, CpuLine, User } is = Is::Matched;
    std::uint32_t text = 0;  // index of the template's line, or offset in texts_
    std::uint32_t size = 0;
    std::uint32_t callerSize = 0;  // its caller stands in texts_ behind the text
    std::uint64_t micros = 0;      // its time
    LogSpan span = {};
    Instant arrival{0};
    Instant seen{0};
  };

  void took(std::uint64_t past, Instant seen) {
    ++next_;
    last_ = 0;
    between_ = 0;
    now_.place.span.past = past;
    now_.seen = seen;
    await();
  }
  // A line that take() may have: "Call trace:" is for follow().
  void await() {
    const bool takes = next_ < current().pieces.size() && !current().pieces[next_].begins && now_.caller.empty();
    awaited_ = takes ? current().line(next_) : std::string_view();
  }
  bool matches(const KernelLine& line);
  bool change(std::string_view text);
  bool beginNext(const KernelLine& cpuLine);
  bool noteBetween(const KernelLine& line);
  void noteOwn(Entry::Is is, const KernelLine& line);
  void noteMatched(const KernelLine& line);
  void start(const KernelLine* message, const KernelLine& cpuLine);
  KernelLine held(std::size_t index, std::string_view caller) const;
  const EchoTemplate& current() const { return templates_[template_]; }
  const EchoTemplate::Piece& pieceBefore() const { return current().pieces[next_ - 1]; }

  const Tables* tables_;
  std::vector<EchoTemplate> templates_;
  std::size_t oldest_ = 0;    // of templates_
  std::size_t template_ = 0;  // that is followed
  std::size_t previousTemplate_ = 0;
  std::size_t next_ = 0;      // its line that is awaited
  std::string_view awaited_;  // that line, if take() may have it
  std::vector<Entry> entries_;
  std::string texts_;
  std::string message_;  // of the first report held
  std::string messageCaller_;
  std::optional<KernelLine> told_;  // its texts are the two above
  std::size_t second_ = 0;          // where in entries_ the second report begins; 0: there is none
  std::size_t last_ = 0;            // the line before, when it is between reports: index in entries_; 0: it is not
  std::size_t toldSecond_ = 0;      // likewise, the second report's message
  int between_ = 0;
  Whole now_;  // the report that goes on
  Whole previous_;
};

template <class OnMessage, class OnLine>
void Echo::giveBack(OnMessage onMessage, OnLine onLine) {
  if (told_) onMessage(*told_);
  std::string_view caller;
  for (std::size_t index = 0; index < entries_.size(); ++index) {
    if (entries_[index].is == Entry::Is::User) {
      onLine(static_cast<const KernelLine*>(nullptr));
      continue;
    }
    const KernelLine line = held(index, caller);
    if (entries_[index].is == Entry::Is::CpuLine) caller = line.caller;
    onLine(&line);
  }
  entries_.clear();
  texts_.clear();
  second_ = 0;
}

}  // namespace relapse::console
