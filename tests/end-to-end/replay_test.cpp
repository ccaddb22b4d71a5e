// SPDX-License-Identifier: GPL-2.0-or-later
// A run again from its bundle alone: elsewhere, without the cache, on a host without a compiler.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// The programs of this host but those that build kernels.
fs::path programsWithoutCompilers(const fs::path& folder) {
  fs::create_directories(folder);
  std::istringstream path(std::getenv("PATH"));
  for (std::string home; std::getline(path, home, ':');) {
    std::error_code error;
    for (fs::directory_iterator entry(home, error), end; !error && entry != end; entry.increment(error)) {
      const std::string name = entry->path().filename();
      if (name.starts_with("aarch64-") || name == "make" || name == "gcc" || name == "ccache") continue;
      std::error_code twice;
      fs::create_symlink(entry->path(), folder / name, twice);
    }
  }
  return folder;
}

TEST(Replay, GivesTheSameFromACopiedBundleWithoutCacheAndCompiler) {
  const StateFolder first;
  const Ran ran = relapse(first, {"run", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1"});
  ASSERT_EQ(ran.status, 0) << ran.errors;
  const StateFolder elsewhere;
  fs::permissions(elsewhere.path(), fs::perms(0755));  // QEMU's account runs QEMU from its bin/
  fs::copy(first.onlyRun() / "bundle", elsewhere.path() / "copied", fs::copy_options::recursive);
  fs::remove_all(first.path() / "relapse");
  const Ran again = relapse(
      elsewhere, {"replay", elsewhere.path() / "copied"},
      {{"XDG_CACHE_HOME", elsewhere.path() / "cache"}, {"PATH", programsWithoutCompilers(elsewhere.path() / "bin")}});
  ASSERT_EQ(again.status, 0) << again.output << again.errors;
  EXPECT_EQ(again.result["verdict"]["signature"], ran.result["verdict"]["signature"]);
  EXPECT_EQ(again.result["kernel"]["image_sha256"], ran.result["kernel"]["image_sha256"]);
  EXPECT_EQ(again.result["kernel"]["source"], "debian-6.1");
  EXPECT_EQ(again.result["replay"]["of"], ran.result["id"]);
  EXPECT_EQ(again.result["replay"]["same"], true);
  EXPECT_FALSE(fs::exists(elsewhere.path() / "cache/relapse/kernels"));

  const fs::path root = fs::directory_iterator(elsewhere.path() / "copied/root")->path();
  std::ofstream(root, std::ios::app) << "x";
  const Ran changed = relapse(elsewhere, {"replay", elsewhere.path() / "copied"});
  EXPECT_EQ(changed.status, 64);
  EXPECT_THAT(changed.errors, HasSubstr(root.string() + ": was changed"));
  fs::remove(elsewhere.path() / "copied/vmlinux");
  EXPECT_THAT(relapse(elsewhere, {"replay", elsewhere.path() / "copied"}).errors,
              testing::AnyOf(HasSubstr("vmlinux: is missing"), HasSubstr("was changed")));
}

}  // namespace
}  // namespace relapse::e2e
