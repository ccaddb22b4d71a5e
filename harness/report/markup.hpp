// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace relapse::report {

// Text that anybody may have written, as UTF-8 without what only a terminal or a forger wants: bytes that are no UTF-8
// and noncharacters become U+FFFD; terminal sequences, control characters but line end and tab, and marks that turn the
// direction of writing are taken out.
std::string cleaned(std::string_view text);

// The same, fit for HTML, SVG and XML 1.0, in an element and in a quoted attribute. All foreign text on a page and in
// JUnit's XML goes through here.
std::string escaped(std::string_view text);

// On one line: line ends and tabs become blanks.
std::string cleanLine(std::string_view text);

// The same in ASCII alone: what is none becomes '?'.
std::string asciiLine(std::string_view text);

// A file as the value of href: percent-encoded, always a path, so never a scheme or another host.
std::string linkTo(std::string_view path);

// A word for a POSIX shell, in single quotes where it needs them.
std::string shellWord(std::string_view word);

}  // namespace relapse::report
