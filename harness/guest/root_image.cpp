// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/root_image.hpp"

#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "checksum/checksum.hpp"
#include "debian/packages.hpp"
#include "guest/cpio.hpp"

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;

// Where a file lies in the guest -> where its content lies on the host. Ordered, so that the same
// files make the same image.
using Layout = std::map<std::string, fs::path>;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Result<std::vector<std::string>> linesOf(const fs::path& file) {
  std::ifstream in(file);
  if (!in) return fail(FailureKind::BadInput, fmt::format("{}: cannot be read", file.string()));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    line.erase(std::min(line.find('#'), line.size()));
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

// Debian 12's guests have a merged /usr; its packages do not all say so.
std::string merged(const std::string& path) {
  for (const char* top : {"/bin/", "/sbin/", "/lib/"})
    if (path.starts_with(top)) return "/usr" + path;
  return path;
}

Layout filesBelow(const fs::path& folder) {
  Layout files;
  std::error_code ignored;
  for (fs::recursive_directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored))
    if (!entry->is_directory() || entry->is_symlink())
      files[merged("/" + entry->path().lexically_relative(folder).string())] = entry->path();
  return files;
}

Result<Layout> chosen(const Layout& all, const std::vector<std::string>& patterns, const fs::path& list) {
  Layout files;
  for (const auto& pattern : patterns) {
    const std::string wanted = merged(pattern);
    bool any = false;
    for (const auto& [path, source] : all)
      if (fnmatch(wanted.c_str(), path.c_str(), FNM_PATHNAME) == 0) {
        files[path] = source;
        any = true;
      }
    if (!any)
      return fail(FailureKind::BadInput,
                  fmt::format("{}: expected a file of the packages, \"{}\" matches none", list.string(), pattern));
  }
  return files;
}

std::string keyOf(const std::vector<debian::Package>& packages, const std::vector<std::string>& patterns,
                  const Layout& overlay) {
  checksum::Sha256 sum;
  sum.addField("root image 3");  // to be raised when the making of the image changes
  for (const auto& package : packages) sum.addField(package.name + " " + package.sha256);
  for (const auto& pattern : patterns) sum.addField(pattern);
  for (const auto& [path, source] : overlay) {
    sum.addField(path);
    sum.addField(isProgram(source) ? "program" : "text");
    sum.addField(content(source));
  }
  return sum.hex();
}

std::set<std::string> foldersOf(const Layout& files) {
  std::set<std::string> folders{"/dev",      "/etc", "/export",  "/mnt",        "/proc",    "/root",
                                "/run",      "/sys", "/tmp",     "/usr",        "/usr/bin", "/usr/lib",
                                "/usr/sbin", "/var", "/var/lib", "/var/lib/nfs"};
  for (const auto& [path, source] : files)
    for (fs::path up = fs::path(path).parent_path(); up != "/"; up = up.parent_path()) folders.insert(up.string());
  return folders;
}

Result<void> writeImage(const Layout& files, const fs::path& target) {
  CpioWriter archive(target);
  for (const auto& folder : foldersOf(files)) archive.addFolder(folder);
  for (const char* top : {"/bin", "/sbin", "/lib"}) archive.addLink(top, std::string("usr") + top);
  archive.addConsole();
  for (const auto& [path, source] : files) archive.addFile(path, source);
  return archive.finish();
}

// The packages' files, unpacked once for each version.
Result<Layout> unpacked(const std::vector<debian::Package>& packages, const fs::path& cache) {
  Layout all;
  for (const auto& package : packages) {
    const fs::path folder = cache / "packages" / fmt::format("{}_{}", package.name, package.sha256.substr(0, 16));
    if (!fs::exists(folder)) {
      const fs::path part = fmt::format("{}.{}.part", folder.string(), getpid());
      std::error_code error;
      fs::create_directories(folder.parent_path(), error);
      if (auto done = debian::unpack(package, part); !done) return passOn(done.error());
      fs::rename(part, folder, error);
      if (error) fs::remove_all(part, error);  // another relapse was faster
    }
    all.merge(filesBelow(folder));
  }
  return all;
}

}  // namespace

Result<RootImage> makeRootImage(const RootRecipe& recipe, const fs::path& cache, std::stop_token stop) {
  auto names = linesOf(recipe.packages);
  if (!names) return passOn(names.error());
  auto patterns = linesOf(recipe.files);
  if (!patterns) return passOn(patterns.error());
  const Layout overlay = filesBelow(recipe.overlay);
  if (!overlay.contains("/init"))
    return fail(FailureKind::BadInput, fmt::format("{}: expected /init in it", recipe.overlay.string()),
                "build the project: cmake --build build");
  auto packages = debian::download(*names, cache, stop);
  if (!packages) return passOn(packages.error());

  RootImage image{{}, keyOf(*packages, *patterns, overlay)};
  image.file = cache / "roots" / (image.sha256Key.substr(0, 32) + ".cpio");
  if (fs::exists(image.file)) return image;
  auto all = unpacked(*packages, cache);
  if (!all) return passOn(all.error());
  auto files = chosen(*all, *patterns, recipe.files);
  if (!files) return passOn(files.error());
  for (const auto& [path, source] : overlay) (*files)[path] = source;
  std::error_code error;
  fs::create_directories(image.file.parent_path(), error);
  if (auto written = writeImage(*files, image.file); !written) return passOn(written.error());
  return image;
}

}  // namespace relapse::guest
