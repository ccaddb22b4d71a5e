// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace relapse::report {

// The style of every page: light and dark, from 320 px on, printed with all details open. Text has a contrast of 4.5
// to 1 or more on its ground.
extern const std::string_view kStyle;

}  // namespace relapse::report
