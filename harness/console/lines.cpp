// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/lines.hpp"

namespace relapse::console {
namespace {

constexpr char kEscape = '\x1b';
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

unsigned byteAt(std::string_view text, std::size_t index) {
  return index < text.size() ? static_cast<unsigned char>(text[index]) : 0u;
}

// Neither printable ASCII nor a tab.
bool isOdd(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte > 0x7e;
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

// The loops over one block have a constant length, so that the compiler makes vectors of them.
unsigned char dirtyBytes(const char* block) {
  unsigned char dirty = 0;
  for (std::size_t i = 0; i < PlainBlocks::kBlock; ++i) {
    const auto byte = static_cast<unsigned char>(block[i]);
    const bool printable = static_cast<unsigned char>(byte - 0x20) <= 0x5e;
    const bool blank = byte == '\n' || byte == '\t' || byte == '\r';
    dirty = static_cast<unsigned char>(dirty | static_cast<unsigned char>(!(printable | blank)));
  }
  return dirty;
}

}  // namespace

PlainBlocks::Is PlainBlocks::look(std::size_t block) const {
  const std::string_view bytes = piece_.substr(block * kBlock, kBlock);
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): it reads kBlock bytes
  if (bytes.size() == kBlock) return dirtyBytes(bytes.data()) != 0 ? Is::Odd : Is::Plain;
  std::array<char, kBlock> last;
  last.fill('\n');
  bytes.copy(last.data(), kBlock);
  return dirtyBytes(last.data()) != 0 ? Is::Odd : Is::Plain;
}

std::string_view cleaned(std::string_view raw, std::string& scratch) {
  const auto firstOdd = std::find_if(raw.begin(), raw.end(), isOdd);
  if (firstOdd == raw.end()) return raw;
  scratch.assign(raw.begin(), firstOdd);
  raw.remove_prefix(static_cast<std::size_t>(firstOdd - raw.begin()));
  while (!raw.empty()) {
    const char c = raw.front();
    std::size_t length = 1;
    if (!isOdd(c)) {
      length = static_cast<std::size_t>(std::find_if(raw.begin(), raw.end(), isOdd) - raw.begin());
      scratch += raw.substr(0, length);
    } else if (c == kEscape) {
      length = escapeLength(raw);
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      length = utf8Length(raw);
      scratch += length == 0 ? kReplacement : raw.substr(0, length);
    }
    raw.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return scratch;
}

bool LineSplitter::isPlain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), isOdd);
}

void LineSplitter::take(std::string_view piece, Instant arrival) {
  if (piece.empty()) return;
  if (length_ == 0) arrival_ = arrival;
  pending_ += piece.substr(0, kLongestLine - pending_.size());
  length_ += piece.size();
}

const std::string& LineSplitter::join() {
  joined_.swap(pending_);
  pending_.clear();
  return joined_;
}

}  // namespace relapse::console
