// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/lines.hpp"

#include <algorithm>

namespace relapse::console {
namespace {

constexpr char kEscape = '\x1b';
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

unsigned byteAt(std::string_view text, std::size_t index) {
  return index < text.size() ? static_cast<unsigned char>(text[index]) : 0u;
}

bool isPlainAscii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte > 0x7e;
  });
}

// Length of the escape sequence at the start of `text`: "ESC [ ... letter", or ESC and one byte.
std::size_t escapeLength(std::string_view text) {
  if (byteAt(text, 1) != '[') return std::min<std::size_t>(2, text.size());
  std::size_t length = 2;
  while (length < text.size() && byteAt(text, length) >= 0x20 && byteAt(text, length) < 0x40) ++length;
  return std::min(length + 1, text.size());
}

// Length of the UTF-8 sequence at the start of `text`; 0: these bytes are none.
std::size_t utf8Length(std::string_view text) {
  const unsigned lead = byteAt(text, 0);
  std::size_t length = 0;
  unsigned low = 0x80;
  unsigned high = 0xbf;
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) length = 2;
  if ((lead & 0xf0u) == 0xe0) length = 3;
  if (lead >= 0xf0 && lead <= 0xf4) length = 4;
  if (lead == 0xe0) low = 0xa0;   // overlong
  if (lead == 0xed) high = 0x9f;  // surrogates
  if (lead == 0xf0) low = 0x90;
  if (lead == 0xf4) high = 0x8f;
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned next = byteAt(text, i);
    if (next < (i == 1 ? low : 0x80u) || next > (i == 1 ? high : 0xbfu)) return 0;
  }
  return length;
}

}  // namespace

std::string_view cleaned(std::string_view raw, std::string& scratch) {
  if (isPlainAscii(raw)) return raw;
  scratch.clear();
  while (!raw.empty()) {
    const char c = raw.front();
    std::size_t length = 1;
    if (c == kEscape) {
      length = escapeLength(raw);
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      length = utf8Length(raw);
      scratch += length == 0 ? kReplacement : raw.substr(0, length);
    } else if (c == '\t' || (byteAt(raw, 0) >= 0x20 && c != 0x7f)) {
      scratch += c;
    }
    raw.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return scratch;
}

void LineSplitter::feed(const ConsoleChunk& chunk, const LineSink& sink) {
  std::string_view rest = chunk.bytes;
  while (!rest.empty()) {
    const std::size_t lineFeed = rest.find('\n');
    std::string_view segment = rest.substr(0, lineFeed);
    for (std::size_t at = segment.find('\r'); at != std::string_view::npos; at = segment.find('\r')) {
      end(segment.substr(0, at), chunk.arrival, sink);
      segment.remove_prefix(at + 1);
    }
    if (lineFeed == std::string_view::npos) return take(segment, chunk.arrival);
    end(segment, chunk.arrival, sink);
    rest.remove_prefix(lineFeed + 1);
  }
}

void LineSplitter::finish(const LineSink& sink) {
  if (length_ > 0) emit(pending_, true, sink);
}

void LineSplitter::take(std::string_view piece, Instant arrival) {
  if (piece.empty()) return;
  if (length_ == 0) arrival_ = arrival;
  pending_ += piece.substr(0, kLongestLine - pending_.size());
  length_ += piece.size();
}

void LineSplitter::end(std::string_view piece, Instant arrival, const LineSink& sink) {
  if (length_ == 0) {
    arrival_ = arrival;
    length_ = piece.size();
    emit(piece.substr(0, kLongestLine), false, sink);
  } else {
    take(piece, arrival);
    emit(pending_, false, sink);
  }
  ++start_;  // the line's end itself
}

void LineSplitter::emit(std::string_view kept, bool cut, const LineSink& sink) {
  dropped_ += length_ - kept.size();
  const std::string_view text = cleaned(kept, scratch_);
  if (!text.empty()) sink(Line{text, {start_, start_ + length_}, arrival_, cut});
  start_ += length_;
  length_ = 0;
  pending_.clear();
}

}  // namespace relapse::console
