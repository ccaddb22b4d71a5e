// SPDX-License-Identifier: GPL-2.0-or-later
#include "document/input.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace relapse::document {
namespace {

unsigned byteAt(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool isControl(std::string_view text, std::size_t at) {
  const unsigned byte = byteAt(text, at);
  if (byte == '\t' || byte == '\n') return false;
  if (byte < 0x20 || byte == 0x7F) return true;
  return byte == 0xC2 && at + 1 < text.size() && byteAt(text, at + 1) < 0xA0;
}

// The first continuation byte's range keeps out overlong forms, surrogates and what is beyond U+10FFFF.
bool secondByteFits(unsigned lead, unsigned second) {
  switch (lead) {
    case 0xE0:
      return second >= 0xA0 && second <= 0xBF;
    case 0xED:
      return second >= 0x80 && second <= 0x9F;
    case 0xF0:
      return second >= 0x90 && second <= 0xBF;
    case 0xF4:
      return second >= 0x80 && second <= 0x8F;
    default:
      return second >= 0x80 && second <= 0xBF;
  }
}

std::size_t lengthByLead(unsigned lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

}  // namespace

std::size_t utf8Length(std::string_view text, std::size_t at) {
  const unsigned lead = byteAt(text, at);
  const std::size_t length = lengthByLead(lead);
  if (length <= 1) return length;
  if (at + length > text.size() || !secondByteFits(lead, byteAt(text, at + 1))) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byteAt(text, at + i) & 0xC0u) != 0x80u) return 0;
  }
  return length;
}

bool holdsControlCharacter(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (isControl(text, at)) return true;
  }
  return false;
}

Input::Input(std::string_view raw, std::string name) : name_(std::move(name)) {
  if (raw.starts_with("\xEF\xBB\xBF")) raw.remove_prefix(3);
  text_.reserve(raw.size());
  for (std::size_t at = 0; at < raw.size(); ++at) {
    const bool lineEnd = raw[at] == '\r' && at + 1 < raw.size() && raw[at + 1] == '\n';
    if (!lineEnd) text_ += raw[at];
  }
  lineStarts_.push_back(0);
  for (std::size_t at = 0; at < text_.size(); ++at) {
    if (text_[at] == '\n' && at + 1 < text_.size()) lineStarts_.push_back(at + 1);
  }
}

Place Input::placeOf(std::size_t offset) const {
  const std::size_t lineEnd = text_.ends_with('\n') ? text_.size() - 1 : text_.size();
  offset = std::min(offset, lineEnd);
  const auto next = std::upper_bound(lineStarts_.begin(), lineStarts_.end(), offset);
  const std::size_t lineStart = *(next - 1);
  if (knownOffset_ < lineStart || knownOffset_ > offset) {
    knownOffset_ = lineStart;
    knownColumn_ = 1;
  }
  for (; knownOffset_ < offset; ++knownOffset_) {
    if ((byteAt(text_, knownOffset_) & 0xC0u) != 0x80u) ++knownColumn_;
  }
  return {name_, static_cast<int>(next - lineStarts_.begin()), knownColumn_};
}

bool Input::isClean(Errors& errors) const {
  for (std::size_t at = 0; at < text_.size();) {
    const std::size_t length = utf8Length(text_, at);
    if (length == 0) {
      errors.add(placeOf(at), {}, fmt::format("expected UTF-8 text, found the byte 0x{:02x}", byteAt(text_, at)));
      return false;
    }
    if (isControl(text_, at)) {
      const unsigned code = byteAt(text_, at + length - 1);
      errors.add(placeOf(at), {}, fmt::format("expected text, found the control character 0x{:02x}", code));
      return false;
    }
    at += length;
  }
  return true;
}

}  // namespace relapse::document
