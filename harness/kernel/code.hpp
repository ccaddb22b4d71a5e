// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "failure/values.hpp"
#include "kernel/values.hpp"

namespace relapse::kernel {

// SHA-256 of what runs of a kernel: its Image without the build-id, which is made of the debug information, too, and
// the sum of its modules. Two kernels with the same are the same in a guest. BadInput: the Image cannot be read.
Result<std::string> sumOfCode(const KernelImage& kernel);

}  // namespace relapse::kernel
