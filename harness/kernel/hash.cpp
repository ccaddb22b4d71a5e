// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/hash.hpp"

#include <cerrno>
#include <system_error>

namespace relapse::kernel {

std::string sha256OfFile(const std::filesystem::path& file) {
  errno = 0;
  auto sum = checksum::ofFile(file);
  const int error = errno != 0 ? errno : EIO;
  if (!sum) throw std::filesystem::filesystem_error("cannot read", file, {error, std::system_category()});
  return std::move(*sum);
}

std::string sha256OfFields(const std::vector<std::string>& fields) {
  checksum::Sha256 sum;
  for (const std::string& field : fields) sum.addField(field);
  return sum.hex();
}

}  // namespace relapse::kernel
