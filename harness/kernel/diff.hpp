// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relapse::kernel {

// A unified diff as `git apply` finds it in a text. Nothing here reads a file.

// "@@ -12,3 +14 @@"
struct HunkHeader {
  int oldStart = 0;
  long oldLines = 1;
  long newLines = 1;
};
std::optional<HunkHeader> hunkHeader(std::string_view line);

// The path of "--- a/fs/nfs/write.c<tab>...", without its first folder, as `git apply` takes it: "fs/nfs/write.c".
// "/dev/null" stays.
std::string pathOfHeader(std::string_view line);

struct DiffOutline {
  std::size_t begin = std::string_view::npos;  // of the first file's lines; npos: there is no diff
  std::vector<std::string> files;              // each once, in its order; of a rename both names
  bool cut = false;                            // a hunk has not the lines that its head promises
};

DiffOutline outlineOf(std::string_view text);

// Whether a path of a diff, by its own words, is not below the folder that the diff is for.
bool leadsOut(std::string_view path);

}  // namespace relapse::kernel
