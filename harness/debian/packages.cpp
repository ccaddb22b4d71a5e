// SPDX-License-Identifier: GPL-2.0-or-later
#include "debian/packages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "checksum/checksum.hpp"
#include "debian/apt.hpp"
#include "debian/index.hpp"
#include "process/lock.hpp"
#include "process/process.hpp"

namespace relapse::debian {

namespace {

namespace fs = std::filesystem;

std::vector<std::string> missing(const std::vector<std::string>& names, const Index& index) {
  std::vector<std::string> absent;
  std::ranges::copy_if(names, std::back_inserter(absent), [&](const auto& name) { return !index.find(name); });
  return absent;
}

std::vector<Package> taken(const std::vector<std::string>& names, const Index& index) {
  std::vector<Package> packages;
  for (const std::string& name : names) packages.push_back(*index.find(name));
  return packages;
}

std::optional<Package> named(const std::string& name, const std::vector<fs::path>& files) {
  for (const fs::path& file : files)
    if (auto package = packageOfFileName(file); package && package->name == name) return package;
  return std::nullopt;
}

Result<void> takeIn(const std::vector<std::string>& names, const std::vector<fs::path>& files, const fs::path& archives,
                    Index& index) {
  for (const std::string& name : names) {
    auto package = named(name, files);
    if (!package) return fail(FailureKind::HostLacks, fmt::format("apt-get did not download \"{}\"", name));
    auto sha256 = checksum::ofFile(package->file);
    if (!sha256) return passOn(sha256.error());
    const fs::path kept = archives / package->file.filename();
    fs::rename(package->file, kept);
    index.put({name, package->version, kept, *sha256});
  }
  return index.save();
}

// Lists of less than a day may name files that the mirror no longer has: fetched anew once.
Result<std::vector<fs::path>> fetch(const std::vector<std::string>& names, Apt& apt) {
  if (auto updated = apt.update(false); !updated) return passOn(updated.error());
  auto downloaded = apt.download(names);
  if (downloaded || apt.updated() || downloaded.error().kind == FailureKind::Cancelled) return downloaded;
  if (auto updated = apt.update(true); !updated) return passOn(updated.error());
  return apt.download(names);
}

Result<std::vector<Package>> downloadLocked(const std::vector<std::string>& names, const fs::path& home,
                                            const std::stop_token& stop) {
  const fs::path archives = home / "archives";
  Index index(archives);
  const auto wanted = missing(names, index);
  if (wanted.empty()) return taken(names, index);
  if (!process::findProgram("apt-get"))
    return fail(FailureKind::HostLacks, "no apt-get on this host: Debian packages cannot be downloaded");
  Apt apt(home, stop);
  auto files = fetch(wanted, apt);
  if (!files) return passOn(files.error());
  if (auto took = takeIn(wanted, *files, archives, index); !took) return passOn(took.error());
  return taken(names, index);
}

}  // namespace

Result<std::vector<Package>> download(const std::vector<std::string>& names, const fs::path& cache,
                                      std::stop_token stop) try {
  const fs::path home = fs::absolute(cache) / "apt";
  if (const Index index(home / "archives"); missing(names, index).empty()) return taken(names, index);
  fs::create_directories(home / "archives");
  auto lock = process::FileLock::take(home / "lock", {.stop = stop});
  if (!lock) return passOn(lock.error());
  return downloadLocked(names, home, stop);
} catch (const fs::filesystem_error& error) {
  const bool full = error.code() == std::errc::no_space_on_device;
  return fail(full ? FailureKind::Exhausted : FailureKind::HostLacks, error.what());
}

Result<void> unpack(const Package& package, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(FailureKind::HostLacks, fmt::format("cannot make {}: {}", folder.string(), error.message()));
  auto output = process::runChecked({.argv = {"dpkg-deb", "-x", package.file.string(), folder.string()}});
  if (output) return {};
  const bool full = output.error().message.find("No space left on device") != std::string::npos;
  return fail(full ? FailureKind::Exhausted : output.error().kind, output.error().message);
}

}  // namespace relapse::debian
