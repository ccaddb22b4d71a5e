// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <optional>
#include <string_view>

namespace relapse::guest {

// What QEMU's monitor answers. Nothing: that is not in the answer.

// To "query-status": whether the guest's CPUs run.
std::optional<bool> readRunning(std::string_view json);

// To "info chardev": the port of 127.0.0.1 on which the gdb server that the monitor started listens.
std::optional<int> readGdbPort(std::string_view text);

}  // namespace relapse::guest
