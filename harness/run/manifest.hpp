// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"
#include "kernel/values.hpp"

namespace relapse::run {

inline constexpr int kManifestVersion = 1;

// A kernel of a bundle. The names of its files are those of this layout: Image, vmlinux, ... below `folder`.
struct ManifestKernel {
  std::string folder;         // "", "server"
  kernel::KernelImage image;  // patches by their names in the bundle; its paths say only whether there is such a file
};

// bundle/manifest.json. Names are relative to the bundle.
struct Manifest {
  std::vector<std::string> overrides;  // of the first run, for the record
  std::vector<std::string> cell;
  ManifestKernel kernel;
  std::optional<ManifestKernel> serverKernel;
  std::vector<std::string> fragments;                        // the --config files, in their order
  std::map<std::string, std::vector<std::string>> archives;  // by node
  std::map<std::string, std::string> files;                  // name -> SHA-256
};

std::string manifestJson(const Manifest& manifest);

// BadInput: no manifest, one of a newer relapse, or with a name that leads out of the bundle.
Result<Manifest> readManifest(std::string_view json);

// A kernel as manifests and result.json have it; what is not there stays empty.
kernel::KernelImage readKernel(std::string_view json);

}  // namespace relapse::run
