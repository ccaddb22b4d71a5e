// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/exceptions.hpp"

#include <set>

namespace relapse::postmortem {

bool isExceptionEntry(const std::string& function) {
  // arch/arm64/kernel/entry.S
  static const std::set<std::string> entries{"el1_sync",     "el1_irq",     "el1_fiq",     "el1_error",    "el1_da",
                                             "el1h_64_sync", "el1h_64_irq", "el1h_64_fiq", "el1h_64_error"};
  return entries.contains(function);
}

bool isVector(const std::string& function) {
  return function == "vectors" || function == "tramp_vectors";
}

}  // namespace relapse::postmortem
