// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/root_image.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "checksum/checksum.hpp"
#include "debian/packages.hpp"

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
  sum.addField("root image 2");  // to be raised when the making of the image changes
  for (const auto& package : packages) sum.addField(package.name + " " + package.sha256);
  for (const auto& pattern : patterns) sum.addField(pattern);
  for (const auto& [path, source] : overlay) {
    sum.addField(path);
    sum.addField(content(source));
  }
  return sum.hex();
}

using Archive = std::unique_ptr<archive, decltype(&archive_write_free)>;
using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

Entry entry(const std::string& path, unsigned type, unsigned mode) {
  Entry made(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(made.get(), path.c_str() + 1);
  archive_entry_set_filetype(made.get(), type);
  archive_entry_set_perm(made.get(), mode);
  archive_entry_set_mtime(made.get(), 0, 0);
  archive_entry_set_size(made.get(), 0);
  return made;
}

bool addFolder(archive* out, const std::string& path) {
  return archive_write_header(out, entry(path, AE_IFDIR, 0755).get()) == ARCHIVE_OK;
}

bool addLink(archive* out, const std::string& path, const std::string& target) {
  Entry link = entry(path, AE_IFLNK, 0777);
  archive_entry_set_symlink(link.get(), target.c_str());
  return archive_write_header(out, link.get()) == ARCHIVE_OK;
}

bool addConsole(archive* out) {
  Entry node = entry("/dev/console", AE_IFCHR, 0600);
  archive_entry_set_rdevmajor(node.get(), 5);
  archive_entry_set_rdevminor(node.get(), 1);
  return archive_write_header(out, node.get()) == ARCHIVE_OK;
}

bool addFile(archive* out, const std::string& path, const fs::path& source) {
  if (fs::is_symlink(source)) return addLink(out, path, fs::read_symlink(source).string());
  const std::string bytes = content(source);
  const bool program = (fs::status(source).permissions() & fs::perms::owner_exec) != fs::perms::none;
  Entry file = entry(path, AE_IFREG, program ? 0755 : 0644);
  archive_entry_set_size(file.get(), static_cast<la_int64_t>(bytes.size()));
  return archive_write_header(out, file.get()) == ARCHIVE_OK &&
         archive_write_data(out, bytes.data(), bytes.size()) == static_cast<la_ssize_t>(bytes.size());
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
  const fs::path part = fmt::format("{}.{}.part", target.string(), getpid());
  const auto failed = [&](const std::string& why) {
    std::error_code ignored;
    fs::remove(part, ignored);
    return fail(FailureKind::Exhausted, fmt::format("{}: {}", target.string(), why));
  };
  {
    Archive out(archive_write_new(), archive_write_free);
    archive_write_set_format_cpio_newc(out.get());
    archive_write_add_filter_none(out.get());  // under TCG unpacking costs more than reading
    if (archive_write_open_filename(out.get(), part.c_str()) != ARCHIVE_OK)
      return failed(archive_error_string(out.get()));
    bool good = true;
    for (const auto& folder : foldersOf(files)) good = good && addFolder(out.get(), folder);
    for (const char* top : {"/bin", "/sbin", "/lib"}) good = good && addLink(out.get(), top, std::string("usr") + top);
    good = good && addConsole(out.get());
    for (const auto& [path, source] : files) good = good && addFile(out.get(), path, source);
    if (!good || archive_write_close(out.get()) != ARCHIVE_OK) {
      const char* why = archive_error_string(out.get());
      return failed(why != nullptr ? why : "cannot be written");
    }
  }
  std::error_code error;
  fs::permissions(part, fs::perms(0644), error);
  fs::rename(part, target, error);
  if (error) return failed(error.message());
  return {};
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
