// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relapse::report {

// Text in lines of a width, for a terminal and for mail. `text` is UTF-8 without control characters, as asciiLine() and
// cleanLine() leave it; letters of East Asia and pictures take two columns.

std::size_t columns(std::string_view text);

// Its beginning when it is too wide, with "..." in place of the rest.
std::string cutTo(std::string_view text, std::size_t width);

// With blanks behind it up to the width.
std::string padded(std::string_view text, std::size_t width);

// Lines of at most `width`: the first begins with `first`, all others with `rest`. A word that fits into no line is
// broken.
std::string wrapped(std::string_view text, std::string_view first, std::string_view rest, std::size_t width);

// A command for a shell, in ASCII, four blanks before it, over as many lines of at most `width` as it takes. An option
// and its value stay together.
std::string commandText(const std::vector<std::string>& words, std::size_t width);

// The words of a command line, as shellWord() quoted them. A quote without an end ends with the text.
std::vector<std::string> commandWords(std::string_view command);

}  // namespace relapse::report
