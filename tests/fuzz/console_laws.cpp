// SPDX-License-Identifier: GPL-2.0-or-later
#include "console_laws.hpp"

#include <string>

#include "require.hpp"

namespace relapse::console {
namespace {

constexpr std::size_t kMostFrames = 256;
constexpr std::size_t kMostRegisters = 256;
constexpr std::size_t kLongestText = 3 * 4096 + 256;  // a line whose every byte became U+FFFD, and a title's words

void requireText(std::string_view text) {
  require(isCleanText(text), "text is valid UTF-8 without control characters", text);
  require(text.size() <= kLongestText, "text is bounded", text);
}

void requireFrame(const RawFrame& frame) {
  requireText(frame.text);
  require(frame.text.find(frame.symbol) != std::string::npos, "a symbol is part of its frame's text", frame.text);
  require(frame.text.find(frame.module) != std::string::npos, "a module is part of its frame's text", frame.text);
  for (const char mark : frame.marks)  // several brackets of them are one text
    require(frame.text.find(mark) != std::string::npos, "marks are part of their frame's text", frame.text);
}

void requireSpan(const LogSpan& span, std::size_t length) {
  require(span.first < span.past, "a span is not empty");
  require(span.past <= length, "a span lies in the log");
}

void requireEventLaw(const ConsoleEvent& event, std::size_t length) {
  requireSpan(event.span, length);
  require(event.frames.size() <= kMostFrames, "frames are bounded");
  require(event.registers.size() <= kMostRegisters, "registers are bounded");
  for (const std::string& text : {event.title, event.message, event.task, event.taint, event.release})
    requireText(text);
  require(!event.title.empty(), "an event has a title");
  for (const RawFrame& frame : event.frames) requireFrame(frame);
  for (const auto& place : {event.pc, event.lr})
    if (place) requireFrame(*place);
  for (const auto& [name, value] : event.registers) requireText(name + value);
  require(event.count >= 1, "an event is one report at least");
  if (event.count == 1) return;
  requireSpan(event.last.span, length);
  require(event.last.span.first >= event.span.first, "the last report is not before the first");
}

void add(std::string& out, std::string_view text) {
  out.append(text).append(" | ");
}

void add(std::string& out, const std::optional<RawFrame>& frame) {
  if (!frame) return add(out, "-");
  add(out, frame->text);
  add(out, frame->symbol);
  add(out, frame->module + frame->marks + (frame->reliable ? "" : "?"));
  add(out, std::to_string(frame->offset.value_or(0)) + "/" + std::to_string(frame->size.value_or(0)));
}

template <class Number>
void add(std::string& out, const std::optional<Number>& number) {
  add(out, number ? std::to_string(*number) : "-");
}

std::string described(const ConsoleEvent& event) {
  std::string out;
  for (const std::string_view text :
       {name(event.kind), std::string_view(event.node), std::string_view(event.title), std::string_view(event.message),
        std::string_view(event.task), std::string_view(event.taint), std::string_view(event.release),
        name(event.artefact)})
    add(out, text);
  add(out, event.kernelTime);
  add(out, event.cpu);
  add(out, event.pid);
  add(out, event.pc);
  add(out, event.lr);
  for (const RawFrame& frame : event.frames) add(out, std::optional(frame));
  for (const auto& [name, value] : event.registers) add(out, name + "=" + value);
  for (const std::uint64_t number :
       {event.span.first, event.span.past, event.count, event.last.span.first, event.last.span.past})
    add(out, std::to_string(number));
  add(out, event.last.kernelTime);
  return out + "\n";
}

}  // namespace

void requireEventLaws(const std::vector<ConsoleEvent>& events, std::size_t length) {
  std::uint64_t before = 0;
  for (const ConsoleEvent& event : events) {
    requireEventLaw(event, length);
    require(before <= event.span.first, "events come in the order in which they begin", event.title);
    before = event.span.first;
  }
}

std::string described(const std::vector<ConsoleEvent>& events) {
  std::string out;
  for (const ConsoleEvent& event : events) out += described(event);
  return out;
}

std::string described(const ParserCounts& counts) {
  std::string out;
  for (const std::uint64_t count :
       {counts.lines, counts.events, counts.droppedBytes, counts.strayFrames, counts.ambiguousLines})
    add(out, std::to_string(count));
  return out;
}

}  // namespace relapse::console
