// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string_view>

namespace relapse::console {

// A console line with printk's prefix taken off (kernel/printk/printk.c: print_prefix).
struct PrintkLine {
  std::optional<double> time = {};  // seconds, from "[    2.314159]"; nothing: no stamp
  std::string_view caller = {};     // "T123" or "C1" with PRINTK_CALLER, else empty
  std::string_view text = {};       // the message; a trace line keeps its leading space
};

// "<6>[    2.314159][   T67] text". Without a stamp the whole line, less "<6>", is the text.
PrintkLine readPrintk(std::string_view line);

// A printk line that begins inside a line, as after a prompt of user space or behind a syslog prefix;
// only one whose stamp is not before `notBefore`.
std::optional<PrintkLine> readEmbeddedPrintk(std::string_view line, double notBefore);

}  // namespace relapse::console
