// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/patched_tree.hpp"

#include <algorithm>

#include "kernel/disk.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;

void collect(const fs::path& folder, std::vector<std::string>& paths) {
  if (!fs::is_directory(folder)) return;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const bool draft = entry.path().filename().string().starts_with(".new-");  // of a write that was cut
    if (!fs::is_directory(entry.symlink_status()) && !draft) paths.push_back(entry.path().lexically_relative(folder));
  }
}

void removeWithEmptyParents(const fs::path& file, const fs::path& root) {
  fs::remove(file);
  std::error_code notEmpty;
  for (fs::path folder = file.parent_path(); folder != root && fs::remove(folder, notEmpty);)
    folder = folder.parent_path();
}

}  // namespace

PatchedTree::PatchedTree(fs::path home) : home_(std::move(home)) {}

bool PatchedTree::isPatched(const std::string& path) const {
  return isThere(saved(path)) || isThere(created(path));
}

fs::path PatchedTree::pristine(const std::string& path) const {
  return isPatched(path) ? saved(path) : source() / path;
}

std::vector<std::string> PatchedTree::patched() const {
  std::vector<std::string> paths;
  collect(home_ / "originals/files", paths);
  collect(home_ / "originals/created", paths);
  std::ranges::sort(paths);
  return paths;
}

void PatchedTree::put(const std::string& path, const fs::path& content) {
  const fs::path file = source() / path;
  if (!isPatched(path)) {
    if (isThere(file))
      copyOver(file, saved(path));
    else
      writeFile(created(path), "");
  }
  if (sameFile(content, file)) return;
  if (isThere(content))
    copyOver(content, file);
  else
    fs::remove(file);
}

void PatchedTree::restore(const std::string& path) {
  const fs::path file = source() / path;
  if (isThere(saved(path))) {
    if (!sameFile(saved(path), file)) copyOver(saved(path), file);
    removeWithEmptyParents(saved(path), home_ / "originals/files");
  } else {
    removeWithEmptyParents(file, source());
    removeWithEmptyParents(created(path), home_ / "originals/created");
  }
}

void PatchedTree::movePristine(const std::string& path, const fs::path& content) {
  const bool kept = isPatched(path);
  const fs::path target = kept ? saved(path) : source() / path;
  fs::create_directories(target.parent_path());
  fs::rename(content, target);
  if (kept) fs::remove(created(path));
}

void PatchedTree::removePristine(const std::string& path) {
  if (!isPatched(path)) return removeWithEmptyParents(source() / path, source());
  writeFile(created(path), "");
  fs::remove(saved(path));
}

}  // namespace relapse::kernel
