// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"

namespace relapse::kernel {

struct Patch {
  std::filesystem::path file;
  std::string content;
  std::string sha256;
};

// BadInput when it cannot be read.
Result<Patch> readPatch(const std::filesystem::path& file);

// The patches for a line: those of seriesRoot/LINE/series in its order, and their place in it. A
// `series` is quilt's: a path a line, `#` comments, "-p1" allowed. A path may lead into a folder
// beside seriesRoot, not further out. BadInput: no folder for the line (says which there are), no
// `series`, a path that is not there or is no file, a link that leads out, more than 10,000 patches or 256 MiB.
Result<std::vector<Patch>> readSeries(const std::filesystem::path& seriesRoot, const std::string& line);

// The patches of one such `series`, whose paths may not lead out of `within`. Throws std::filesystem::filesystem_error.
Result<std::vector<Patch>> readQuilt(const std::filesystem::path& series, const std::filesystem::path& within);

// The lines of kernels that a folder has a `series` for, in the order of their names.
std::vector<std::string> kernelLinesIn(const std::filesystem::path& seriesRoot);

// The old names of what it renames or copies.
std::vector<std::string> namesLeft(const Patch& patch);

// Which hunk of which file a patch program complained about, from "error: patch failed: FILE:LINE"
// and its relatives. Pure.
std::string explainRefusal(const Patch& patch, std::string_view complaint);

}  // namespace relapse::kernel
