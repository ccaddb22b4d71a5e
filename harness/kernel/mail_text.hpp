// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace relapse::kernel {

// What mail turns text into so that it passes, turned back. All are linear in the text and refuse no byte.

// RFC 2045, 6.8. Nothing when it is cut or holds what is no base64; line ends and blanks are passed over.
std::optional<std::string> fromBase64(std::string_view text);

// RFC 2045, 6.7. What is no escape stays as it is.
std::string fromQuotedPrintable(std::string_view text);

// RFC 2047: "=?utf-8?Q?J=C3=B6rg?= <j@x>". A word of another character set than UTF-8, ASCII and ISO-8859-1 stays.
std::string fromEncodedWords(std::string_view header);

// As one line of UTF-8: each run of blanks and control characters is one blank, none at the ends; a byte that is no
// UTF-8 is U+FFFD.
std::string oneLine(std::string_view text);

// Line ends are "\n" when the first one was "\r\n". Otherwise a "\r" belongs to its line and stays.
std::string withUnixLineEnds(std::string_view text);

}  // namespace relapse::kernel
