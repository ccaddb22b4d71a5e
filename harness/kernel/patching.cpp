// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/patching.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "kernel/disk.hpp"
#include "kernel/git.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;

// Where patches are tried: a folder that holds the touched files only.
class Bench {
 public:
  Bench(const PatchedTree& tree, std::stop_token stop) : tree_(tree), stop_(std::move(stop)), scratch_(tree.home()) {
    fs::create_directories(folder());
  }

  Result<PatchUse> apply(const Patch& patch) {
    const fs::path file = scratch_.path() / "patch";
    writeFile(file, patch.content);
    if (auto staged = stage(patch, file); !staged) return passOn(staged.error());
    const auto forward = git({"apply", "--whitespace=nowarn", file.string()});
    if (!forward) return passOn(forward.error());
    if (forward->succeeded()) return PatchUse{patch.file, patch.sha256, false};
    const auto reverse = git({"apply", "--whitespace=nowarn", "--reverse", "--check", file.string()});
    if (!reverse) return passOn(reverse.error());
    if (reverse->succeeded()) return PatchUse{patch.file, patch.sha256, true};
    return fail(FailureKind::BadInput, explainRefusal(patch, forward->standardError));
  }

  fs::path folder() const { return scratch_.path() / "files"; }
  const std::set<std::string>& touched() const { return touched_; }

 private:
  Result<process::Output> git(std::vector<std::string> words) const {
    return runGit(std::move(words), {.directory = folder(), .ceiling = scratch_.path(), .stop = stop_});
  }

  Result<void> stage(const Patch& patch, const fs::path& file) {
    const auto listed = git({"apply", "--numstat", "-z", file.string()});
    if (!listed) return passOn(listed.error());
    if (!listed->succeeded()) return fail(FailureKind::BadInput, explainRefusal(patch, listed->standardError));
    auto paths = pathsOfNumstat(listed->standardOutput);
    std::ranges::move(namesLeft(patch), std::back_inserter(paths));
    for (const std::string& path : paths) {
      if (leadsOut(path))
        return fail(FailureKind::BadInput,
                    fmt::format("{}: the path \"{}\" in it leads out of the source", patch.file.string(), path));
      if (touched_.insert(path).second && isThere(tree_.pristine(path)))
        copyOver(tree_.pristine(path), folder() / path);
    }
    return {};
  }

  // By its own words, or through a link in the source.
  bool leadsOut(const fs::path& path) const {
    if (path.empty() || path.is_absolute()) return true;
    fs::path folder = tree_.source();
    for (const fs::path& part : path.parent_path()) {
      folder /= part;
      if (part == ".." || fs::is_symlink(fs::symlink_status(folder))) return true;
    }
    return path.filename() == "..";
  }

  const PatchedTree& tree_;
  std::stop_token stop_;
  ScratchFolder scratch_;
  std::set<std::string> touched_;
};

void sync(const Bench& bench, PatchedTree& tree) {
  std::set<std::string> changed;
  for (const std::string& path : bench.touched())
    if (!sameFile(bench.folder() / path, tree.pristine(path))) changed.insert(path);
  for (const std::string& path : tree.patched())
    if (!changed.contains(path)) tree.restore(path);
  for (const std::string& path : changed) tree.put(path, bench.folder() / path);
}

}  // namespace

Result<std::vector<PatchUse>> putOn(const std::vector<Patch>& patches, PatchedTree& tree, std::stop_token stop) {
  Bench bench(tree, std::move(stop));
  std::vector<PatchUse> uses;
  for (const Patch& patch : patches) {
    auto use = bench.apply(patch);
    if (!use) return passOn(use.error());
    uses.push_back(std::move(*use));
  }
  sync(bench, tree);
  return uses;
}

}  // namespace relapse::kernel
