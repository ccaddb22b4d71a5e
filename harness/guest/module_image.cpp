// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/module_image.hpp"

#include <unistd.h>

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "checksum/checksum.hpp"
#include "guest/cpio.hpp"
#include "process/process.hpp"

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;
constexpr const char* kStrip = "aarch64-linux-gnu-strip";

std::string keyOf(const ModuleRecipe& recipe) {
  checksum::Sha256 sum;
  sum.addField("module image 1");  // to be raised when the making of the image changes
  sum.addField(recipe.release);
  sum.addField(recipe.sha256);
  return sum.hex();
}

std::vector<fs::path> modulesIn(const fs::path& folder) {
  std::vector<fs::path> modules;
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored))
    if (entry->path().extension() == ".ko") modules.push_back(entry->path());
  std::ranges::sort(modules);
  return modules;
}

// A folder of this process's own, gone with its owner.
struct Workshop {
  fs::path folder;
  ~Workshop() {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
};

Result<fs::path> stripped(const fs::path& module, const fs::path& folder, const std::stop_token& stop) {
  const fs::path target = folder / module.filename();
  auto done = process::runChecked({{kStrip, "--strip-debug", "-o", target.string(), module.string()}}, {.stop = stop},
                                  FailureKind::BadInput);
  if (!done) return passOn(done.error());
  return target;
}

Result<void> write(const ModuleRecipe& recipe, const std::vector<fs::path>& modules, const fs::path& target,
                   const std::stop_token& stop) {
  const Workshop workshop{fmt::format("{}.{}.stripped", target.string(), getpid())};
  std::error_code error;
  fs::create_directories(workshop.folder, error);
  if (error) return fail(FailureKind::Exhausted, fmt::format("{}: {}", workshop.folder.string(), error.message()));
  CpioWriter archive(target);
  const std::string home = "/usr/lib/modules/" + recipe.release;
  archive.addFolder("/usr/lib/modules");
  archive.addFolder(home);
  for (const fs::path& module : modules) {
    auto small = stripped(module, workshop.folder, stop);
    if (!small) return passOn(small.error());
    archive.addFile(fmt::format("{}/{}", home, module.filename().string()), *small);
  }
  return archive.finish();
}

}  // namespace

Result<fs::path> makeModuleImage(const ModuleRecipe& recipe, const fs::path& cache, std::stop_token stop) {
  const fs::path image = cache / "roots" / (keyOf(recipe).substr(0, 32) + ".modules.cpio");
  if (fs::exists(image)) return image;
  if (recipe.release.empty() || recipe.release.find('/') != std::string::npos)
    return fail(FailureKind::BadInput,
                fmt::format("{}: expected modules of a kernel whose release is known, found \"{}\"",
                            recipe.folder.string(), recipe.release));
  const auto modules = modulesIn(recipe.folder);
  if (modules.empty())
    return fail(FailureKind::BadInput, fmt::format("{}: expected kernel modules (*.ko) in it", recipe.folder.string()));
  if (!process::findProgram(kStrip))
    return fail(FailureKind::HostLacks, fmt::format("a guest's modules need the program {}", kStrip),
                "apt-get install binutils-aarch64-linux-gnu");
  std::error_code error;
  fs::create_directories(image.parent_path(), error);
  if (auto written = write(recipe, modules, image, stop); !written) return passOn(written.error());
  return image;
}

}  // namespace relapse::guest
