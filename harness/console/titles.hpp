// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "console/values.hpp"

namespace relapse::console {

// "soft lockup"
inline std::string_view spinWords(EventKind kind) {
  if (kind == EventKind::SoftLockup) return "soft lockup";
  return kind == EventKind::HardLockup ? "hard lockup" : "RCU stall";
}

// "soft lockup in nfs_wb_page"; the words alone when there is no function to name.
inline std::string titleIn(std::string_view words, std::string_view function) {
  std::string title(words);
  if (!function.empty()) title.append(" in ").append(function);
  return title;
}

}  // namespace relapse::console
