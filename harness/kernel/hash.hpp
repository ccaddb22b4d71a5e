// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "checksum/checksum.hpp"

namespace relapse::kernel {

// SHA-256 in hex: of a text, of a file, of fields of which no two lists are alike.
inline std::string sha256(std::string_view bytes) {
  return checksum::ofText(bytes);
}
std::string sha256OfFile(const std::filesystem::path& file);  // throws std::filesystem::filesystem_error
std::string sha256OfFields(const std::vector<std::string>& fields);

}  // namespace relapse::kernel
