// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "console/values.hpp"

namespace relapse::console {

// One line of the console, without its end.
struct Line {
  std::string_view text;  // as it came, kLongestLine bytes at most; not empty
  LogSpan span;           // of the raw bytes, without the line's end
  Instant arrival{0};     // of its first byte
  bool cut = false;       // the log ended before the line did
  bool plain = false;     // printable ASCII and tabs alone: cleaned() would change nothing
};

// Which parts of a piece hold nothing but printable ASCII, tabs and line ends. Looks at blocks of 64
// bytes, each at most once, and only when asked.
class PlainBlocks {
 public:
  static constexpr std::size_t kBlock = 64;
  static constexpr std::size_t kMostBytes = std::size_t{32} << 10;

  // The piece that is asked about: kMostBytes at most, valid until the next one.
  void begin(std::string_view piece) {
    piece_ = piece;
    blocks_.fill(Is::Unknown);
  }
  // False: perhaps not.
  bool plain(std::size_t first, std::size_t past) {
    for (std::size_t block = first / kBlock; block * kBlock < past; ++block) {
      if (blocks_[block] == Is::Unknown) blocks_[block] = look(block);
      if (blocks_[block] == Is::Odd) return false;
    }
    return true;
  }

 private:
  enum class Is : unsigned char { Unknown, Plain, Odd };

  Is look(std::size_t block) const;

  std::string_view piece_;
  std::array<Is, kMostBytes / kBlock + 1> blocks_{};
};

// Bytes -> lines. A line ends with LF or CR; empty ones are left out. What a line has beyond
// kLongestLine bytes is dropped and counted. A Line's text is valid until feed() is called again.
class LineSplitter {
 public:
  static constexpr std::size_t kLongestLine = 4096;
  static constexpr std::size_t kMostBytes = PlainBlocks::kMostBytes;  // that a feed() looks at in one go

  // `sink` is called with each Line that is whole. `guess(rest, first)` is asked before: it may know the
  // line at the start of `rest`, whose offset in the log is `first`, and takes it: the answer is its
  // length, and its end follows. 0: it does not.
  template <class Sink, class Guess>
  void feed(const ConsoleChunk& chunk, Sink&& sink, Guess&& guess);
  template <class Sink>
  void feed(const ConsoleChunk& chunk, Sink&& sink) {
    feed(chunk, sink, [](std::string_view, std::uint64_t) { return std::size_t{0}; });
  }
  template <class Sink>
  void finish(Sink&& sink) {
    if (length_ > 0) emit(join(), true, isPlain(joined_), sink);
  }

  std::uint64_t droppedBytes() const { return dropped_; }
  std::uint64_t bytes() const { return start_ + length_; }  // that came so far

 private:
  static bool isPlain(std::string_view text);
  void take(std::string_view piece, Instant arrival);
  const std::string& join();

  template <class Sink, class Guess>
  void feedPiece(std::string_view piece, Instant arrival, Sink&& sink, Guess&& guess);
  template <class Sink>
  void end(std::string_view segment, bool plain, Instant arrival, Sink&& sink);
  template <class Sink>
  void emit(std::string_view kept, bool cut, bool plain, Sink&& sink);

  PlainBlocks blocks_;
  std::string pending_;       // the kept bytes of a line whose end has not come
  std::string joined_;        // the last line that came in several pieces
  std::uint64_t start_ = 0;   // offset of the line that comes
  std::uint64_t length_ = 0;  // its raw bytes so far
  Instant arrival_{0};
  std::uint64_t dropped_ = 0;
};

// Removes NUL, ANSI escape sequences and control bytes, and puts U+FFFD for bytes that are not UTF-8.
// The answer is `raw` itself when nothing is to be done, else it lies in `scratch`.
std::string_view cleaned(std::string_view raw, std::string& scratch);

template <class Sink, class Guess>
void LineSplitter::feed(const ConsoleChunk& chunk, Sink&& sink, Guess&& guess) {
  for (std::string_view rest = chunk.bytes; !rest.empty(); rest.remove_prefix(std::min(kMostBytes, rest.size()))) {
    feedPiece(rest.substr(0, kMostBytes), chunk.arrival, sink, guess);
  }
}

template <class Sink, class Guess>
void LineSplitter::feedPiece(std::string_view piece, Instant arrival, Sink&& sink, Guess&& guess) {
  blocks_.begin(piece);
  const auto find = [&](char end, std::size_t from) {
    const void* found = from < piece.size() ? std::memchr(piece.data() + from, end, piece.size() - from) : nullptr;
    return found == nullptr ? piece.size() : static_cast<std::size_t>(static_cast<const char*>(found) - piece.data());
  };
  std::size_t carriageReturn = find('\r', 0);
  for (std::size_t first = 0; first < piece.size();) {
    const std::size_t guessed = length_ == 0 ? guess(piece.substr(first), start_) : 0;
    std::size_t past = guessed > 0 ? first + guessed : find('\n', first);
    if (carriageReturn <= past) {
      past = carriageReturn;
      carriageReturn = find('\r', past + 1);
    }
    const std::string_view segment = piece.substr(first, past - first);
    first = past + 1;
    if (guessed > 0) {
      start_ += guessed + 1;
    } else if (past == piece.size()) {
      return take(segment, arrival);
    } else {
      end(segment, blocks_.plain(past - segment.size(), past), arrival, sink);
    }
  }
}

template <class Sink>
void LineSplitter::end(std::string_view segment, bool plain, Instant arrival, Sink&& sink) {
  if (length_ == 0) {
    arrival_ = arrival;
    length_ = segment.size();
    if (length_ > 0) emit(segment.substr(0, kLongestLine), false, plain, sink);
  } else {
    take(segment, arrival);
    const std::string& whole = join();
    emit(whole, false, isPlain(whole), sink);
  }
  ++start_;  // the line's end itself
}

template <class Sink>
void LineSplitter::emit(std::string_view kept, bool cut, bool plain, Sink&& sink) {
  dropped_ += length_ - kept.size();
  const std::uint64_t first = start_;
  start_ += length_;
  length_ = 0;
  sink(Line{kept, {first, start_}, arrival_, cut, plain});
}

}  // namespace relapse::console
