// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string_view>

#include "console/values.hpp"

namespace relapse::console {

// A whole line of a call trace, or nothing when the line is something else:
//   " nfs_wb_page+0x70/0x1b4 [nfs]"     arm64
//   " nfs_wb_page+0x70/0x1b4 [nfs] (P)" arm64, with marks
//   " ? nfs_wb_page+0x70/0x1b4"         x86, not reliable
//   " [<ffffff8008123456>] nfs_wb_page+0x70/0x1b4", " 0xffff800008123456"
std::optional<RawFrame> readFrame(std::string_view line);

// What stands after "pc : ". Never fails: odd values (`0x1`, `(null)`) are kept as the symbol.
RawFrame readLocation(std::string_view text);

// The same place: symbol and offset, or the same odd text.
bool samePlace(const RawFrame& left, const RawFrame& right);

}  // namespace relapse::console
