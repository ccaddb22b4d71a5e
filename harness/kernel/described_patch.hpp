// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "kernel/mail.hpp"
#include "kernel/patch_series.hpp"

namespace relapse::kernel {

// A patch with what its mail and its diff say of it. A mail without a subject says nothing. `called`: what an error
// names it. BadInput: no diff in it, a hunk that is not whole, a path that leads out of the source.
Result<SeriesPatch> describedPatch(Patch patch, std::string name, const Mail& mail, const std::string& called);

}  // namespace relapse::kernel
