// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/disk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "process/descriptor.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;
using process::Descriptor;

[[noreturn]] void fail(const char* what, const fs::path& file) {
  throw fs::filesystem_error(what, file, {errno, std::system_category()});
}

// A name beside `file` that no other thread or process uses.
fs::path draftOf(const fs::path& file) {
  static std::atomic<unsigned> counter{0};
  return file.parent_path() / fmt::format(".new-{}-{}-{}", ::getpid(), counter++, file.filename().string());
}

void writeAll(const Descriptor& to, std::string_view bytes, const fs::path& file) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(to.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot write", file);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool shareBlocks(const Descriptor& from, const Descriptor& to) {
  // NOLINTNEXTLINE: the macro's own cast
  return ::ioctl(to.get(), FICLONE, from.get()) == 0;
}

bool isExecutable(const fs::path& file) {
  return (fs::status(file).permissions() & fs::perms::owner_exec) != fs::perms::none;
}

void copyBlocks(const fs::path& from, const fs::path& to) {
  const Descriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source.isOpen()) fail("cannot read", from);
  const Descriptor target(
      ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, isExecutable(from) ? 0755 : 0644));
  if (!target.isOpen()) fail("cannot write", to);
  if (shareBlocks(source, target)) return;
  std::string buffer(1u << 18, '\0');
  for (ssize_t count; (count = ::read(source.get(), buffer.data(), buffer.size())) != 0;) {
    if (count < 0) fail("cannot read", from);
    writeAll(target, std::string_view(buffer).substr(0, static_cast<std::size_t>(count)), to);
  }
}

}  // namespace

std::string readFile(const fs::path& file) {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.isOpen()) fail("cannot read", file);
  std::string content;
  std::string buffer(1u << 16, '\0');
  for (ssize_t count; (count = ::read(descriptor.get(), buffer.data(), buffer.size())) != 0;) {
    if (count < 0) fail("cannot read", file);
    content.append(buffer, 0, static_cast<std::size_t>(count));
  }
  return content;
}

Result<std::string> readGiven(const fs::path& file, std::uint64_t most) {
  const auto refuse = [&](std::string_view why) {
    return relapse::fail(FailureKind::BadInput, fmt::format("{}: {}", file.string(), why));
  };
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!descriptor.isOpen() || ::fstat(descriptor.get(), &status) != 0) return refuse(std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return refuse("expected a file, found a folder, a pipe or a device");
  std::string content;
  std::string buffer(1u << 16, '\0');
  for (ssize_t count; (count = ::read(descriptor.get(), buffer.data(), buffer.size())) != 0;) {
    if (count < 0) return refuse(std::strerror(errno));
    content.append(buffer, 0, static_cast<std::size_t>(count));
    if (content.size() > most) return refuse(fmt::format("expected at most {} bytes, found more", most));
  }
  return content;
}

std::string readFileIfThere(const fs::path& file) {
  return isThere(file) ? readFile(file) : std::string();
}

void writeFile(const fs::path& file, std::string_view content) {
  fs::create_directories(file.parent_path());
  const fs::path draft = draftOf(file);
  try {
    const Descriptor descriptor(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!descriptor.isOpen()) fail("cannot write", file);
    writeAll(descriptor, content, file);
    fs::rename(draft, file);
  } catch (...) {
    ::unlink(draft.c_str());
    throw;
  }
}

void copyOver(const fs::path& from, const fs::path& to) {
  fs::create_directories(to.parent_path());
  const fs::path draft = draftOf(to);
  try {
    if (fs::is_symlink(fs::symlink_status(from)))
      fs::copy_symlink(from, draft);
    else
      copyBlocks(from, draft);
    fs::rename(draft, to);
  } catch (...) {
    ::unlink(draft.c_str());
    throw;
  }
}

bool isThere(const fs::path& file) {
  return fs::exists(fs::symlink_status(file));
}

bool sameFile(const fs::path& one, const fs::path& other) {
  const auto type = fs::symlink_status(one).type();
  if (type != fs::symlink_status(other).type()) return false;
  if (type == fs::file_type::not_found) return true;
  if (type == fs::file_type::symlink) return fs::read_symlink(one) == fs::read_symlink(other);
  return isExecutable(one) == isExecutable(other) && fs::file_size(one) == fs::file_size(other) &&
         readFile(one) == readFile(other);
}

Result<void> requireSpace(const fs::path& folder, std::uint64_t bytes, std::string_view purpose) {
  const std::uint64_t available = fs::space(folder).available;
  if (available >= bytes) return {};
  return relapse::fail(FailureKind::Exhausted,
                       fmt::format("{} needs {} MiB of disk, {} has {} MiB left", purpose, bytes >> 20, folder.string(),
                                   available >> 20),
                       "make room, or put the cache elsewhere with --state-dir");
}

Failure failureOf(const fs::filesystem_error& error) {
  const bool full = error.code() == std::errc::no_space_on_device || error.code().value() == EDQUOT;
  return {full ? FailureKind::Exhausted : FailureKind::HostLacks,
          fmt::format("{}: {}", error.path1().string(), error.code().message()),
          full ? "make room, or put the cache elsewhere with --state-dir"
               : "--state-dir DIR, a folder that you may write; relapse doctor looks at it"};
}

namespace {

process::ScratchFolder scratchIn(const fs::path& parent) {
  fs::create_directories(parent);
  auto made = process::ScratchFolder::make(fs::canonical(parent), ".scratch-");
  if (!made) throw fs::filesystem_error(made.error().message, parent, {errno, std::system_category()});
  return std::move(*made);
}

}  // namespace

ScratchFolder::ScratchFolder(const fs::path& parent) : folder_(scratchIn(parent)) {}

}  // namespace relapse::kernel
