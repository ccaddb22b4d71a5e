// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/patching.hpp"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "document/errors.hpp"
#include "kernel/disk.hpp"
#include "kernel/git.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;

bool isRepository(const fs::path& part) {
  return ::strcasecmp(part.c_str(), ".git") == 0;
}

// Whether a link at `path` leads to a place below the source: up only at its beginning, as behind a folder's name,
// which may be a link itself, ".." can be anywhere.
bool staysInside(const fs::path& path, const fs::path& target) {
  if (target.empty() || target.is_absolute()) return false;
  auto part = target.begin();
  std::ptrdiff_t up = 0;
  for (; part != target.end() && *part == ".."; ++part) ++up;
  const fs::path folder = path.parent_path();
  if (up > std::distance(folder.begin(), folder.end())) return false;
  return std::none_of(part, target.end(), [](const fs::path& name) { return name == ".." || isRepository(name); });
}

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
    if (forward->succeeded()) {
      if (auto sound = requireSound(patch); !sound) return passOn(sound.error());
      return PatchUse{patch.file, patch.sha256, false};
    }
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

  // By its own words, or through a link in the source. A repository's own files count as outside.
  bool leadsOut(const fs::path& path) const {
    if (path.empty() || path.is_absolute()) return true;
    fs::path folder = tree_.source();
    for (const fs::path& part : path.parent_path()) {
      folder /= part;
      if (part == ".." || isRepository(part) || fs::is_symlink(fs::symlink_status(folder))) return true;
    }
    return path.filename() == ".." || isRepository(path.filename());
  }

  // What it leaves are files, and links that stay in the source.
  Result<void> requireSound(const Patch& patch) const {
    for (const std::string& path : touched_) {
      const fs::path file = folder() / path;
      const fs::file_type type = fs::symlink_status(file).type();
      if (type == fs::file_type::not_found || type == fs::file_type::regular) continue;
      if (type == fs::file_type::symlink && staysInside(path, fs::read_symlink(file))) continue;
      return fail(FailureKind::BadInput,
                  fmt::format("{}: expected files, and links that stay in the source; {} is {}", patch.file.string(),
                              document::quote(path),
                              type == fs::file_type::symlink ? "a link that leads out of it" : "neither"));
    }
    return {};
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
