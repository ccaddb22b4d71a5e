// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace relapse::console {

// What a line's prefix says of who wrote it.
enum class Mark {
  None,    // nothing: the kernel, as long as no line of this console had a mark
  Level,   // "<6>": the kernel; says nothing of lines without one
  Kernel,  // the kernel; lines without a mark are user space's
  Other,   // user space: a log daemon's line with somebody else's tag
};

// A console line with its prefixes taken off:
//   <6>[    2.314159][   T67] text            printk (kernel/printk/printk.c: print_prefix)
//   6,339,5140900,-;text                      /dev/kmsg
//   [Sun Nov 22 18:14:46 2026] text           dmesg -T; also kern  :info  : [    2.314159] text, dmesg -x
//   Nov 22 18:14:46 host kernel: text         a log daemon, with or without printk's stamp; also ISO 8601 times
//   [    2.314159] host kernel: text          journalctl -o short-monotonic
struct PrintkLine {
  std::optional<double> time = {};  // seconds, from "[    2.314159]"; nothing: no stamp
  std::string_view caller = {};     // "T123" or "C1" with PRINTK_CALLER, else empty
  std::string_view text = {};       // the message; a trace line keeps its leading space
  Mark mark = Mark::None;           // of None and Other the whole line is the text
};

PrintkLine readPrintk(std::string_view line);

inline double secondsOf(std::uint64_t micros) {
  return static_cast<double>(micros) / 1e6;
}
inline std::uint64_t microsOf(double seconds) {
  return static_cast<std::uint64_t>(std::llround(seconds * 1e6));
}

// The commonest prefix alone, "[    2.314159] ": its length and its time. 0: another one.
struct Stamp {
  std::size_t length = 0;
  std::uint64_t micros = 0;  // an integer: most are never looked at
  double time() const { return secondsOf(micros); }
};
inline Stamp readStamp(std::string_view line);

// A printk line that begins inside a line, as after a prompt of user space; only one whose stamp is
// not before `notBefore`.
std::optional<PrintkLine> readEmbeddedPrintk(std::string_view line, double notBefore);

// Could any prefix but a stamp at its begin make this line the kernel's? Errs on yes.
bool mayBeMarked(std::string_view line);

// "host kernel: ..."
inline bool hasKernelTag(std::string_view text) {
  std::size_t blank = 0;
  while (blank < text.size() && text[blank] != ' ') ++blank;
  return blank < text.size() && text.substr(blank + 1).starts_with("kernel:");
}

// ".314159]", eight bytes at once: less ".000000]" they are 0, six times 0 to 9, and 0. (The additions
// set the high bit of a byte that is more; they are the same from both ends, so any byte order will do.)
inline bool isFraction(const char* text) {
  std::uint64_t bytes = 0;
  std::uint64_t zeros = 0;
  std::memcpy(&bytes, text, sizeof bytes);
  std::memcpy(&zeros, ".000000]", sizeof zeros);
  bytes ^= zeros;
  return ((bytes | (bytes + 0x7f7676767676767fu)) & 0x8080808080808080u) == 0;
}

inline Stamp readStamp(std::string_view line) {
  constexpr std::size_t kMostDigits = 9;
  if (line.empty() || line[0] != '[') return {};
  std::size_t at = 1;
  while (at < line.size() && line[at] == ' ') ++at;
  const auto digit = [&](std::size_t index) { return static_cast<unsigned>(line[index]) - '0'; };
  const std::size_t whole = at;
  std::uint32_t seconds = 0;
  for (; at < line.size() && digit(at) <= 9 && at - whole <= kMostDigits; ++at) seconds = seconds * 10 + digit(at);
  if (at == whole || at - whole > kMostDigits || at + 8 > line.size() || !isFraction(line.data() + at)) return {};
  // each digit by itself: no addition waits for another
  const std::uint32_t micros = digit(at + 1) * 100000 + digit(at + 2) * 10000 + digit(at + 3) * 1000 +
                               digit(at + 4) * 100 + digit(at + 5) * 10 + digit(at + 6);
  return {at + 8, std::uint64_t{seconds} * 1000000 + micros};
}

}  // namespace relapse::console
