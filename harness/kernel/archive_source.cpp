// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "debian/packages.hpp"
#include "kernel/archive.hpp"
#include "kernel/disk.hpp"
#include "kernel/download.hpp"
#include "kernel/hash.hpp"
#include "kernel/source.hpp"
#include "process/lock.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kRoomForSource = 3ull << 30;  // the tarball, the tree, and its build after it

// make cannot work in a folder whose name holds a space or a colon.
std::string asFolderName(std::string text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  std::ranges::replace_if(
      text, [&](char c) { return kPlain.find(c) == std::string_view::npos; }, '_');
  return text;
}

// "linux-4.19.325.tar.xz" -> "linux-4.19.325"
std::string stemOf(const fs::path& file) {
  const std::string name = file.filename().string();
  return asFolderName(name.substr(0, name.find(".tar")));
}

// The one folder that a tarball of a kernel holds, or the place itself.
fs::path topOf(const fs::path& unpacked) {
  std::optional<fs::path> only;
  for (const auto& entry : fs::directory_iterator(unpacked)) {
    if (only) return unpacked;
    only = entry.path();
  }
  return only && fs::is_directory(*only) ? *only : unpacked;
}

Result<void> unpackInto(const fs::path& archive, PatchedTree& tree, const Work& work) {
  if (auto room = requireSpace(tree.home(), kRoomForSource, "unpacking a kernel source"); !room) return room;
  const std::string text = "unpacking " + archive.filename().string();
  const ScratchFolder scratch(tree.home());
  work.tell(Stage::Fetch, text);
  UnpackOptions options{[&](long entries) { work.tell(Stage::Fetch, text, entries); }, work.stop};
  if (auto unpacked = unpackArchive(archive, scratch.path(), options); !unpacked) return unpacked;
  const fs::path top = topOf(scratch.path());
  if (auto line = lineOf(top / "Makefile"); !line)
    return fail(FailureKind::BadInput, archive.string() + " holds no kernel source");
  fs::rename(top, tree.source());
  return {};
}

// `bring` gives the tarball; it is asked only when the working copy is not there yet.
LocatedSource located(const std::string& id, const std::string& copy, const Work& work,
                      std::function<Result<void>(PatchedTree&)> bring) {
  const fs::path remembered = work.cache / "sources/lines" / asFolderName(id);
  LocatedSource source{id, copy, readFileIfThere(remembered), id, {}};
  source.provide = [bring = std::move(bring), remembered](PatchedTree& tree) -> Result<void> {
    if (!isThere(tree.source()))
      if (auto brought = bring(tree); !brought) return brought;
    if (isThere(remembered)) return {};
    auto line = lineOf(tree.pristine("Makefile"));
    if (!line) return passOn(line.error());
    writeFile(remembered, *line);
    return {};
  };
  return source;
}

Result<fs::path> fetch(const UrlSource& url, const Work& work) {
  const std::string name = fs::path(url.url).filename().string();
  const fs::path file = work.cache / "sources" / (url.sha256.substr(0, 16) + "-" + asFolderName(name));
  if (isThere(file)) return file;
  fs::create_directories(file.parent_path());
  const auto lock = process::FileLock::take(
      file.string() + ".lock",
      {work.stop, [&] { work.tell(Stage::Fetch, "waiting for another relapse that downloads " + name); }});
  if (!lock) return passOn(lock.error());
  if (isThere(file)) return file;
  const DownloadOptions options{[&](long done, long total) { work.tell(Stage::Fetch, name, done, total); }, work.stop};
  if (auto downloaded = download(url.url, url.sha256, file, options); !downloaded) return passOn(downloaded.error());
  return file;
}

// usr/src/linux-source-6.1.tar.xz of the package linux-source-6.1.
Result<fs::path> tarballIn(const fs::path& unpacked) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(unpacked / "usr/src", none))
    if (entry.is_regular_file() && entry.path().filename().string().find(".tar") != std::string::npos)
      return entry.path();
  return fail(FailureKind::BadInput, "the package holds no usr/src/*.tar.*");
}

Result<void> unpackPackage(const debian::Package& package, PatchedTree& tree, const Work& work) {
  if (auto room = requireSpace(tree.home(), kRoomForSource, "unpacking a kernel source"); !room) return room;
  const ScratchFolder scratch(tree.home());
  work.tell(Stage::Fetch, "unpacking " + package.name);
  if (auto unpacked = debian::unpack(package, scratch.path()); !unpacked) return unpacked;
  const auto tarball = tarballIn(scratch.path());
  if (!tarball) return fail(tarball.error().kind, package.name + ": " + tarball.error().message);
  return unpackInto(*tarball, tree, work);
}

// The hash of a user's tarball, read again only when its size, time or place has changed.
std::string rememberedHash(const fs::path& file, const fs::path& cache) {
  const fs::path memory = cache / "sources/hashes" / sha256(file.string()).substr(0, 16);
  const auto written = fs::last_write_time(file).time_since_epoch().count();
  const std::string stamp = fmt::format("{}\n{} {}\n", file.string(), fs::file_size(file), written);
  const std::string known = readFileIfThere(memory);
  if (known.starts_with(stamp)) return known.substr(stamp.size());
  const std::string hash = sha256OfFile(file);
  writeFile(memory, stamp + hash);
  return hash;
}

}  // namespace

Result<LocatedSource> locateUrl(const UrlSource& url, const Work& work) {
  const std::string copy = stemOf(url.url) + "-" + url.sha256.substr(0, 16);
  if (!isThere(PatchedTree(work.cache / "trees" / copy).source()))
    if (auto file = fetch(url, work); !file) return passOn(file.error());
  return located("sha256-" + url.sha256, copy, work, [url, work](PatchedTree& tree) -> Result<void> {
    const auto file = fetch(url, work);
    return file ? unpackInto(*file, tree, work) : passOn(file.error());
  });
}

Result<LocatedSource> locatePackage(const PackageSource& source, const Work& work) {
  work.tell(Stage::Fetch, "Debian package " + source.package);
  auto packages = debian::download({source.package}, work.cache, work.stop);
  if (!packages) return passOn(packages.error());
  const debian::Package package = packages->front();
  const std::string id = package.name + "_" + package.version;
  return located(id, asFolderName(id), work,
                 [package, work](PatchedTree& tree) { return unpackPackage(package, tree, work); });
}

Result<LocatedSource> locateArchive(const ArchiveSource& archive, const Work& work) {
  const std::string hash = rememberedHash(archive.file, work.cache);
  return located("sha256-" + hash, stemOf(archive.file) + "-" + hash.substr(0, 16), work,
                 [archive, work](PatchedTree& tree) { return unpackInto(archive.file, tree, work); });
}

}  // namespace relapse::kernel
