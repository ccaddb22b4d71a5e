// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace relapse::console {

// What a function has to do with any report of its kind, whatever the bug.
enum class FrameRole {
  Own,             // of the bug
  Reporter,        // prints the report: dump_stack, show_stack, panic, __warn
  InterruptEntry,  // where an interrupt came in: el1_irq
  Shared,          // scheduler, lock slow paths, page-fault entry, syscall entry, thread start
};

// `symbol` without compiler suffix.
FrameRole frameRole(std::string_view symbol);

}  // namespace relapse::console
