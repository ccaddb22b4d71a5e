// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "failure/values.hpp"

namespace relapse::kernel {

struct DownloadOptions {
  std::function<void(long done, long total)> onBytes = {};  // total 0: not known
  std::stop_token stop = {};
};

// Brings a http(s) or file URL to `file`, which appears whole and with that sha256, or not at all.
// What came before a cut is kept in FILE.part and resumed. The caller holds the file's lock.
// Failures: HostLacks (no network, no such file, another sha256), Exhausted (disk), Cancelled.
Result<void> download(const std::string& url, const std::string& sha256, const std::filesystem::path& file,
                      const DownloadOptions& options = {});

}  // namespace relapse::kernel
