// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "debian/packages.hpp"

namespace relapse::debian {

// Which package each file of the cache is: one line per package, "name version sha256 size file",
// apart by tabs. A line that cannot be read, or whose file is gone or has another size, counts as absent.
class Index {
 public:
  explicit Index(std::filesystem::path archives);

  std::optional<Package> find(const std::string& name) const;
  void put(const Package& package);  // takes the place of one with the same name
  Result<void> save() const;         // atomically

 private:
  void load();
  std::filesystem::path file() const { return archives_ / "index"; }

  std::filesystem::path archives_;
  std::vector<Package> packages_;
};

// "libc6_2.36-9+deb12u1_arm64.deb" -> name and version; "%3a" in a version is ':'. Nothing if it is
// no such name.
std::optional<Package> packageOfFileName(const std::filesystem::path& file);

}  // namespace relapse::debian
