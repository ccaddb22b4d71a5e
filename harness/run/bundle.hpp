// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "report/values.hpp"
#include "run/outcome.hpp"
#include "run/values.hpp"

namespace relapse::run {

// A run's bundle/ is all that is needed to do it again elsewhere, without the cache:
//
//   manifest.json            what is in it, with the SHA-256 of each file
//   scenario.yaml            as resolved; it loads by itself
//   Image, vmlinux, config   the kernel; modules/*.ko with debug information, where it has some
//   series/LINE/, fragments/ the patches and the --config files that it was built with: a rebuild takes them
//   server/                  the same of a server's own kernel
//   root/*.cpio              the guests' file systems, in parts
//   domain.NODE.xml          what libvirt was given
//   outcome.json             what came out
//
// One of a relapse that wrote no manifest.json can be replayed as well, as far as it goes.

// What a run knows beside its request and its record. By node.
struct BundleParts {
  std::map<std::string, std::string> domainXml = {};
  std::map<std::string, std::vector<std::filesystem::path>> archives = {};  // GuestSpec::archives
};

// Writes `folder`/bundle; the SHA-256 of its files by their names in `folder`. Files of the cache are linked, not
// copied, where the file system can. Exhausted: the disk is full.
Result<std::map<std::string, std::string>> writeBundle(const std::filesystem::path& folder, const RunRequest& request,
                                                       const report::RunRecord& record, const BundleParts& parts);

struct Bundle {
  std::filesystem::path folder;    // absolute
  RunRequest request;              // all but places, jobs and stop
  std::optional<Outcome> first;    // nothing: neither the bundle nor the run around it tells
  std::vector<std::string> notes;  // what the bundle lacks and is had otherwise
};

// `path` is a run's directory, or its bundle, wherever it was copied. Each file is compared with its sum.
// BadInput: no bundle; it lacks a file (named), a file was changed (named), the scenario does not load.
Result<Bundle> openBundle(const std::filesystem::path& path);

// The request that builds the bundle's kernels again instead of taking them. HostLacks: what they were built from is
// gone, or never was (--image).
Result<RunRequest> rebuildRequest(const Bundle& bundle);

}  // namespace relapse::run
