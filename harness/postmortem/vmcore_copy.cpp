// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "postmortem/vmcore.hpp"
#include "postmortem/vmcore_write.hpp"
#include "process/descriptor.hpp"

namespace relapse::postmortem {
namespace {

constexpr std::size_t kBlock = 4096;
constexpr std::size_t kPiece = 256 * kBlock;

bool isZero(const char* bytes, std::size_t size) {
  return bytes[0] == 0 && std::memcmp(bytes, bytes + 1, size - 1) == 0;
}

bool writeAll(int to, const char* bytes, std::size_t size, off_t at) {
  while (size > 0) {
    const ssize_t put = pwrite(to, bytes, size, at);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes += put;
    at += put;
    size -= static_cast<std::size_t>(put);
  }
  return true;
}

// Writes what is not zero of a piece, in runs of blocks.
bool writeData(int to, const char* bytes, std::size_t size, off_t at) {
  std::size_t from = 0;
  for (std::size_t next = 0; next < size;) {
    const std::size_t block = std::min(kBlock, size - next);
    const bool zero = isZero(bytes + next, block);
    if (zero && from < next && !writeAll(to, bytes + from, next - from, at + static_cast<off_t>(from))) return false;
    next += block;
    if (zero) from = next;
  }
  return from == size || writeAll(to, bytes + from, size - from, at + static_cast<off_t>(from));
}

bool copyData(int from, int to, off_t size) {
  std::vector<char> piece(kPiece);
  for (off_t at = 0; at < size;) {
    const off_t data = lseek(from, at, SEEK_DATA);
    if (data < 0) return errno == ENXIO;  // a hole up to the end
    at = std::max(at, data / static_cast<off_t>(kBlock) * static_cast<off_t>(kBlock));
    const off_t hole = std::max(lseek(from, data, SEEK_HOLE), data + 1);
    while (at < hole && at < size) {
      const ssize_t got = pread(from, piece.data(), piece.size(), at);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      if (!writeData(to, piece.data(), static_cast<std::size_t>(got), at)) return false;
      at += got;
    }
  }
  return true;
}

bool copyInto(int from, int to) {
  struct stat status {};
  if (fstat(from, &status) != 0) return false;
  if (ioctl(to, FICLONE, from) == 0) return true;
  return ftruncate(to, status.st_size) == 0 && copyData(from, to, status.st_size);
}

}  // namespace

Result<void> copySparse(const std::filesystem::path& from, const std::filesystem::path& to) {
  const process::Descriptor in(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in.isOpen())
    return fail(FailureKind::BadInput, fmt::format("{}: cannot be read: {}", from.string(), std::strerror(errno)));
  const process::Descriptor out(::open(to.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!out.isOpen())
    return fail(FailureKind::BadInput, fmt::format("{}: cannot be made: {}", to.string(), std::strerror(errno)));
  if (copyInto(in.get(), out.get())) return {};
  const int problem = errno;
  std::error_code ignored;
  std::filesystem::remove(to, ignored);
  return fail(
      problem == ENOSPC || problem == EDQUOT || problem == EFBIG ? FailureKind::Exhausted : FailureKind::BadInput,
      fmt::format("{}: cannot be copied to {}: {}", from.string(), to.string(), std::strerror(problem)));
}

Result<VmcoreFacts> withVirtualAddresses(const std::filesystem::path& from, const std::filesystem::path& to,
                                         const std::filesystem::path& vmlinux) {
  const auto kind = identify(from);
  if (!kind) return passOn(kind.error());
  if (kind->missing || kind->form == VmcoreForm::Kdump || kind->form == VmcoreForm::FlattenedKdump)
    return addVirtualAddresses(from, vmlinux);  // fails, and says why, before it writes
  if (auto copied = copySparse(from, to); !copied) return passOn(copied.error());
  auto facts = addVirtualAddresses(to, vmlinux);
  if (facts) return facts;
  std::error_code ignored;
  std::filesystem::remove(to, ignored);
  return facts;
}

}  // namespace relapse::postmortem
