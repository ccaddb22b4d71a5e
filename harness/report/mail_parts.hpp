// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "report/mail.hpp"

namespace relapse::report {

// Pieces of mails: ASCII, no line longer than kMailWidth. `text` is foreign, and may not begin a line of its own but
// behind `first` and `rest`.

std::string wrapped(std::string_view text, std::string_view first, std::string_view rest);

// "kernel    6.1.192 from debian-6.1", nothing where there is no text.
std::string named(std::string_view name, std::string_view text);

std::string heading(std::string_view words);

// With what looks like a path of this machine ("/home/a/b.patch", "~/b.patch", "../b.patch") as its last part alone.
std::string withoutFolders(std::string_view text);

}  // namespace relapse::report
