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

// What a recipe's list asks for.
struct Wanted {
  std::vector<std::string> patterns;         // of the packages' files
  std::map<std::string, std::string> links;  // of our own: where in the guest -> target
};

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

constexpr std::string_view kLinkSign = " -> ";

Result<Wanted> wantedBy(const fs::path& list) {
  auto lines = linesOf(list);
  if (!lines) return passOn(lines.error());
  Wanted wanted;
  for (const auto& line : *lines) {
    const std::size_t sign = line.find(kLinkSign);
    const std::string target = sign == std::string::npos ? "/" : line.substr(sign + kLinkSign.size());
    if (!line.starts_with('/') || !target.starts_with('/') || line.find(' ') < sign)
      return fail(FailureKind::BadInput,
                  fmt::format("{}: expected /PATH or /PATH -> /TARGET, found \"{}\"", list.string(), line));
    if (sign == std::string::npos)
      wanted.patterns.push_back(line);
    else
      wanted.links[merged(line.substr(0, sign))] = target;
  }
  return wanted;
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

std::string keyOf(const std::vector<debian::Package>& packages, const Wanted& wanted, const Layout& overlay) {
  checksum::Sha256 sum;
  sum.addField(overlay.empty() ? "root part 1" : "root image 3");  // to be raised when the making of these changes
  for (const auto& package : packages) sum.addField(package.name + " " + package.sha256);
  for (const auto& pattern : wanted.patterns) sum.addField(pattern);
  for (const auto& [path, target] : wanted.links) sum.addField(path + std::string(kLinkSign) + target);
  for (const auto& [path, source] : overlay) {
    sum.addField(path);
    sum.addField(isProgram(source) ? "program" : "text");
    sum.addField(content(source));
  }
  return sum.hex();
}

void addFoldersAbove(const std::string& path, std::set<std::string>& folders) {
  for (fs::path up = fs::path(path).parent_path(); up != "/"; up = up.parent_path()) folders.insert(up.string());
}

const std::set<std::string> kRootFolders{"/dev",      "/etc", "/export",  "/mnt",        "/proc",    "/root",
                                         "/run",      "/sys", "/tmp",     "/usr",        "/usr/bin", "/usr/lib",
                                         "/usr/sbin", "/var", "/var/lib", "/var/lib/nfs"};

Result<void> writeImage(const Layout& files, const Wanted& wanted, bool whole, const fs::path& target) {
  std::set<std::string> folders = whole ? kRootFolders : std::set<std::string>();
  for (const auto& [path, source] : files) addFoldersAbove(path, folders);
  for (const auto& [path, linked] : wanted.links) addFoldersAbove(path, folders);
  CpioWriter archive(target);
  for (const auto& folder : folders) archive.addFolder(folder);
  if (whole) {
    for (const char* top : {"/bin", "/sbin", "/lib"}) archive.addLink(top, std::string("usr") + top);
    archive.addConsole();
  }
  for (const auto& [path, linked] : wanted.links) archive.addLink(path, linked);
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
  auto wanted = wantedBy(recipe.files);
  if (!wanted) return passOn(wanted.error());
  const bool whole = !recipe.overlay.empty();
  const Layout overlay = whole ? filesBelow(recipe.overlay) : Layout();
  if (whole && !overlay.contains("/init"))
    return fail(FailureKind::BadInput, fmt::format("{}: expected /init in it", recipe.overlay.string()),
                "build the project: cmake --build build");
  auto packages = debian::download(*names, cache, stop);
  if (!packages) return passOn(packages.error());

  RootImage image{{}, keyOf(*packages, *wanted, overlay)};
  image.file = cache / "roots" / (image.sha256Key.substr(0, 32) + ".cpio");
  if (fs::exists(image.file)) return image;
  auto all = unpacked(*packages, cache);
  if (!all) return passOn(all.error());
  auto files = chosen(*all, wanted->patterns, recipe.files);
  if (!files) return passOn(files.error());
  for (const auto& [path, source] : overlay) (*files)[path] = source;
  std::error_code error;
  fs::create_directories(image.file.parent_path(), error);
  if (auto written = writeImage(*files, *wanted, whole, image.file); !written) return passOn(written.error());
  return image;
}

}  // namespace relapse::guest
