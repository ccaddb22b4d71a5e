// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "kernel/values.hpp"

namespace relapse::kernel {

// The kernels that were built: KERNELS/KEY/{Image,vmlinux,config,build.log,kernel.json}, and modules/*.ko of
// those that have any. An entry appears whole and is never changed.
class Store {
 public:
  explicit Store(std::filesystem::path kernels) : kernels_(std::move(kernels)) {}

  // Nothing when there is none, or when a file of it is missing or has another size.
  std::optional<KernelImage> find(const std::string& key) const;

  // Copies the kernel's files and its modules in; the entry, as find() gives it.
  Result<KernelImage> keep(const KernelImage& built, const std::vector<std::filesystem::path>& modules) const;

 private:
  std::filesystem::path kernels_;
};

}  // namespace relapse::kernel
