// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "failure/values.hpp"

namespace relapse::kernel {

// BadInput unless the file is an arm64 Image (arch/arm64/kernel/head.S: "ARM\x64" at 56).
Result<void> checkImage(const std::filesystem::path& image);

struct VmlinuxFacts {
  std::string release;  // from its "Linux version " banner; empty when there is none
  std::string buildId;  // hex; empty when it has none
};

// BadInput unless the file is an aarch64 ELF file.
Result<VmlinuxFacts> readVmlinux(const std::filesystem::path& vmlinux);

}  // namespace relapse::kernel
