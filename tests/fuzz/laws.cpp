// SPDX-License-Identifier: GPL-2.0-or-later
#include "laws.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace relapse::console {
namespace {

constexpr std::size_t kMostFrames = 256;
constexpr std::size_t kMostRegisters = 256;
constexpr std::size_t kLongestText = 3 * 4096 + 256;  // a line whose every byte became U+FFFD, and a title's words

// The bytes of the character that `text` begins with; 0: it is not valid.
std::size_t characterLength(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const std::size_t length = byte(0) < 0x80   ? 1
                             : byte(0) < 0xc2 ? 0
                             : byte(0) < 0xe0 ? 2
                             : byte(0) < 0xf0 ? 3
                             : byte(0) < 0xf5 ? 4
                                              : 0;
  if (length > text.size()) return 0;
  for (std::size_t at = 1; at < length; ++at)
    if ((byte(at) & 0xc0) != 0x80) return 0;
  const bool overlong = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xf0 && byte(1) < 0x90);
  const bool beyond = (byte(0) == 0xed && byte(1) > 0x9f) || (byte(0) == 0xf4 && byte(1) > 0x8f);
  return overlong || beyond ? 0 : length;
}

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

void require(bool holds, const char* law, std::string_view found) {
  if (holds) return;
  std::fprintf(stderr, "law broken: %s\nfound: %.*s\n", law,
               static_cast<int>(std::min<std::size_t>(found.size(), 16384)), found.data());
  std::abort();
}

bool isCleanText(std::string_view text) {
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    if ((first < ' ' && first != '\t') || first == 0x7f) return false;
    const std::size_t length = characterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

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
