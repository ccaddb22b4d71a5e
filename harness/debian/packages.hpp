// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "failure/values.hpp"

namespace relapse::debian {

// A .deb in the cache.
struct Package {
  std::string name;
  std::string version;
  std::filesystem::path file;
  std::string sha256;
};

// Debian packages of architecture arm64 or all, downloaded by the host's apt-get with its sources
// and keys but a state, lists and cache of its own under `cache`/apt: the user's system gets no
// foreign architecture, and no privilege is needed. What is in `cache` already is used without a
// network. Failures: HostLacks (no apt-get, no network, no such package: names it), Cancelled.
// Safe against other processes that do the same at the same time.
Result<std::vector<Package>> download(const std::vector<std::string>& names, const std::filesystem::path& cache,
                                      std::stop_token stop = {});

// Unpacks a .deb's files below `folder` (made if missing); no maintainer script runs.
Result<void> unpack(const Package& package, const std::filesystem::path& folder);

}  // namespace relapse::debian
