// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as one line of a report: what is read of it is part of it.
#include <cstdint>
#include <string>

#include "console/body.hpp"
#include "console/cursor.hpp"
#include "console/frames.hpp"
#include "console/headlines.hpp"
#include "console/lines.hpp"
#include "console/printk.hpp"
#include "console_laws.hpp"

namespace relapse::console {
namespace {

bool isPart(std::string_view part, std::string_view line) {
  return line.find(part) != std::string_view::npos;
}

// Numbers that kernels print: no sign, and a CPU or task that can be.
bool isNatural(int number) {
  return number >= 0;
}

void requirePlace(const RawFrame& frame, std::string_view line) {
  require(isPart(frame.text, line), "a frame's text is part of the line", line);
  require(isPart(frame.symbol, frame.text), "a symbol is part of the frame", line);
  require(isPart(frame.module, frame.text), "a module is part of the frame", line);
  for (const char mark : frame.marks)  // several brackets of them are one text
    require(isPart(std::string_view(&mark, 1), frame.text), "marks are part of the frame", line);
}

void requireSame(const RawFrame& one, const RawFrame& other, std::string_view line) {
  require(samePlace(one, other) && one.size == other.size && one.module == other.module && one.marks == other.marks &&
              one.reliable == other.reliable && one.text == other.text,
          "a frame's text reads as the frame", line);
}

struct BodyLaws {
  std::string_view line;

  void operator()(const CpuLine& read) const {
    require(isNatural(read.cpu) && isNatural(read.pid), "a CPU line's numbers are natural", line);
    require(isPart(read.comm, line) && isPart(read.release, line), "a CPU line's words are part of it", line);
    require(isCleanText(read.taint), "taint is clean text", line);
    for (const char letter : read.taint)
      require(isPart(std::string_view(&letter, 1), line), "taint is of the line", line);
  }
  void operator()(const FrameLine& read) const { requirePlace(read.frame, line); }
  void operator()(const ProgramCounter& read) const { requirePlace(read.place, line); }
  void operator()(const LinkRegister& read) const { requirePlace(read.place, line); }
  void operator()(const StalledCpu& read) const { require(isNatural(read.cpu), "a CPU is natural", line); }
  void operator()(const TaskDump& read) const { require(isNatural(read.cpu), "a CPU is natural", line); }
  void operator()(const OtherCpu& read) const { require(isNatural(read.cpu), "a CPU is natural", line); }
  void operator()(const TaskLine& read) const {
    require(isNatural(read.pid) && isPart(read.comm, line), "a task is part of its line", line);
  }
  void operator()(const InFlight& read) const {
    require(isPart(read.function, line), "work is part of its line", line);
  }
  template <class Other>
  void operator()(const Other&) const {}
};

void checkFrame(std::string_view line) {
  const RawFrame place = readLocation(line);
  requirePlace(place, line);
  const auto frame = readFrame(line);
  if (!frame) {
    require(place.text == trimmed(line), "an odd place is kept as it is", line);
    return;
  }
  requirePlace(*frame, line);
  requireSame(*frame, place, line);
  const bool inlined = !frame->offset && line.ends_with("[inline]");  // needs the blank in front
  const auto again = readFrame(inlined ? " " + frame->text : frame->text);
  require(again.has_value(), "a frame's text is a frame", line);
  requireSame(*frame, *again, line);
}

void checkHeadline(std::string_view line, bool cut) {
  const HeadlineTable& table = Tables::kernel().headlines();
  const auto headline = table.read(line, cut);
  if (!headline) return;
  require(table.mayBegin(line) || isOomInvocation(line), "what begins an event may begin one", line);
  require(isPart(headline->task, line) && isPart(headline->release, line), "what a headline names is part of it", line);
  require(isNatural(headline->cpu.value_or(0)) && isNatural(headline->pid.value_or(0)),
          "a headline's numbers are natural", line);
  require(isCleanText(headline->words), "a headline's words are clean text", line);
  if (headline->function) requirePlace(*headline->function, line);
}

void checkPrintk(std::string_view line) {
  const PrintkLine read = readPrintk(line);
  require(line.ends_with(read.text), "a message is the end of its line", line);
  require(isPart(read.caller, line), "a caller is part of its line", line);
  if (!read.time) return;
  require(*read.time >= 0, "time is not before the boot", line);
  if (const auto embedded = readEmbeddedPrintk(line, *read.time); embedded && embedded->time)
    require(*embedded->time >= *read.time, "time does not go back", line);
}

void check(std::string_view bytes) {
  std::string scratch;
  const std::string line(cleaned(bytes, scratch));
  require(isCleanText(line), "a cleaned line is clean", bytes);
  require(cleaned(line, scratch) == line, "cleaning twice is cleaning once", bytes);
  checkPrintk(line);
  for (const std::string_view text : {std::string_view(line), readPrintk(line).text}) {
    checkFrame(text);
    checkHeadline(text, false);
    checkHeadline(text, true);
    std::visit(BodyLaws{text}, Tables::kernel().body().read(text));
    if (const auto cpu = readCpuLine(text)) BodyLaws{text}(*cpu);
#ifdef RELAPSE_PLANTED_BUG
    // For the test that findings are found: no line of the corpus has such a module.
    const auto frame = readFrame(text);
    require(!frame || frame->module.find_first_of("!#$%&*,;=@^~") == std::string::npos, "the planted bug", text);
#endif
  }
}

}  // namespace
}  // namespace relapse::console

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  relapse::console::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
