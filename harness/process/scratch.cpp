// SPDX-License-Identifier: GPL-2.0-or-later
#include "process/scratch.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace relapse::process {
namespace {

namespace fs = std::filesystem;

constexpr int kRounds = 100;

tl::unexpected<Failure> cannot(const std::string& what, const fs::path& path, int error) {
  return fail(FailureKind::Exhausted, what + " " + path.string() + ": " + std::system_category().message(error));
}

std::string hostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

bool isLinked(const Descriptor& file) {
  struct stat status {};
  return fstat(file.get(), &status) == 0 && status.st_nlink > 0;
}

// What the owner wrote; empty for one that died before it did.
std::string hostIn(const Descriptor& file) {
  std::array<char, 256> text{};
  const ssize_t count = pread(file.get(), text.data(), text.size(), 0);
  return count > 0 ? std::string(text.data(), static_cast<std::size_t>(count)) : std::string();
}

bool isOurs(const Descriptor& file) {
  struct stat status {};
  return fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid();
}

}  // namespace

Result<Ownership> Ownership::take(const fs::path& folder) {
  const fs::path file = folder / kOwnerFile;
  Descriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.isOpen()) return cannot("cannot write", file, errno);
  // Somebody who looks for what the dead left may have it between the two calls.
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return cannot("cannot lock", file, errno);
  if (!isLinked(lock)) return cannot("cannot lock", file, ENOENT);
  const std::string host = hostName();
  if (::write(lock.get(), host.data(), host.size()) != static_cast<ssize_t>(host.size())) {
    const int error = errno;
    ::unlink(file.c_str());
    return cannot("cannot write", file, error);
  }
  return Ownership(file, std::move(lock));
}

void Ownership::giveUp() {
  ::unlink(file_.c_str());
  lock_.close();
}

Result<OwnFolder> makeOwnFolder(const fs::path& parent, std::string_view prefix) {
  Failure why;
  for (int round = 0; round < kRounds; ++round) {
    std::string name = (parent / (std::string(prefix) + "XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) return cannot("cannot make", name, errno);
    auto owner = Ownership::take(name);
    if (owner) return OwnFolder{name, std::move(*owner)};
    why = owner.error();
    ::rmdir(name.c_str());
  }
  return passOn(why);
}

Result<ScratchFolder> ScratchFolder::make(const fs::path& parent, std::string_view prefix) {
  auto folder = makeOwnFolder(parent, prefix);
  if (!folder) return passOn(folder.error());
  ScratchFolder scratch(std::move(*folder));
  if (::mkdir(scratch.files_.c_str(), 0700) != 0) return cannot("cannot make", scratch.files_, errno);
  return scratch;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!folder_.path.empty()) fs::remove_all(folder_.path, ignored);
}

std::vector<Abandoned> abandonedIn(const fs::path& parent) {
  std::vector<Abandoned> found;
  const std::string host = hostName();
  std::error_code error;
  for (fs::directory_iterator entry(parent, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->symlink_status(ignored).type() != fs::file_type::directory) continue;
    Descriptor lock(::open((entry->path() / kOwnerFile).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!lock.isOpen() || !isOurs(lock)) continue;
    const std::string owners = hostIn(lock);
    if (!owners.empty() && owners != host) continue;
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) found.push_back({entry->path(), std::move(lock)});
  }
  std::ranges::sort(found, {}, &Abandoned::folder);
  return found;
}

std::size_t removeAbandoned(const fs::path& parent) {
  const auto left = abandonedIn(parent);
  std::error_code ignored;
  for (const auto& one : left) fs::remove_all(one.folder, ignored);
  return left.size();
}

}  // namespace relapse::process
