// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace relapse::kernel {

// What to build. `sources` are tried in order; each is a name of sources.yaml (`debian-6.1`), a
// kernel tree, a tarball, or `git:DIR#REF`.
struct KernelRequest {
  std::vector<std::string> sources;
  std::optional<std::filesystem::path> seriesRoot = {};  // holds a folder per line, each with a quilt `series`
  std::vector<std::filesystem::path> patches = {};       // on top of the series
  std::vector<std::string> config = {};                  // fragments of kernel-configs/, by name
  std::vector<std::filesystem::path> extraConfig = {};   // fragments of the user's
};

struct PatchUse {
  std::filesystem::path file;
  std::string sha256;
  bool alreadyInSource = false;  // it reverse-applies cleanly, and was skipped
};

// A kernel that somebody built.
struct ReadyKernel {
  std::filesystem::path image;
  std::filesystem::path vmlinux;
  std::filesystem::path modules = {};  // a folder of *.ko; empty: none
};

// A kernel that can be booted, with all that says where it came from.
struct KernelImage {
  std::filesystem::path image;
  std::filesystem::path vmlinux;
  std::filesystem::path config = {};    // empty for a ready image
  std::filesystem::path buildLog = {};  // likewise
  std::filesystem::path modules = {};   // a folder of *.ko with debug information; empty when it has none
  std::string source;                   // as in sources.yaml or on the command line
  std::string line;                     // "6.1"; empty for a ready image
  std::string release;                  // "6.1.192", as the kernel calls itself
  std::string buildId;                  // hex, of vmlinux; empty when it has none
  std::string imageSha256;
  std::string vmlinuxSha256;
  std::string modulesSha256;  // of all their names and contents; empty when it has none
  std::string key;            // of the cache; empty for a ready image
  std::vector<PatchUse> patches = {};
  bool fromCache = false;
  std::vector<std::string> notHad = {};  // one line for each source tried before: "linux-4.19.325: why"
};

enum class Stage { Fetch, Patch, Build };

// Where the work is. `total` 0: not known (yet).
struct Progress {
  Stage stage = Stage::Fetch;
  long done = 0;
  long total = 0;
  std::string text = {};
};

}  // namespace relapse::kernel
