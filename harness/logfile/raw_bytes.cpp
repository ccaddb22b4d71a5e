// SPDX-License-Identifier: GPL-2.0-or-later
#include "logfile/raw_bytes.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace relapse::logfile {
namespace {

tl::unexpected<Failure> cannotRead(const std::string& name, const std::string& why) {
  return fail(FailureKind::BadInput, fmt::format("{}: expected a console log, it cannot be read: {}", name, why));
}

}  // namespace

std::string shownName(const std::string& name) {
  return name == "-" ? "standard input" : name;
}

Result<process::Descriptor> openLog(const std::string& name) {
  process::Descriptor descriptor(name == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                             : open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!descriptor.isOpen()) return cannotRead(shownName(name), std::strerror(errno));
  struct stat about {};
  if (fstat(descriptor.get(), &about) != 0) return cannotRead(shownName(name), std::strerror(errno));
  if (S_ISDIR(about.st_mode))
    return fail(FailureKind::BadInput, fmt::format("{}: expected a console log, found a directory", shownName(name)));
  posix_fadvise(descriptor.get(), 0, 0, POSIX_FADV_SEQUENTIAL);  // advice: a pipe takes none
  return descriptor;
}

tl::unexpected<Failure> unsupported(const std::string& name, const PackingFound& found) {
  return fail(
      FailureKind::BadInput,
      fmt::format("{}: expected a console log, plain or packed with gzip, xz or zstd, found {}", name, found.name),
      fmt::format("{} {} | relapse scan -", found.program, name));
}

RawBytes::RawBytes(std::string name, process::Descriptor descriptor)
    : name_(std::move(name)), descriptor_(std::move(descriptor)), buffer_(kPiece) {}

Result<std::size_t> RawBytes::fill(std::size_t from) {
  ssize_t got = 0;
  do {
    got = read(descriptor_.get(), buffer_.data() + from, buffer_.size() - from);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return cannotRead(name_, std::strerror(errno));
  return static_cast<std::size_t>(got);
}

Result<PackingFound> RawBytes::packing() {
  while (mayBePacked({buffer_.data(), peeked_})) {  // of nothing, too
    auto got = fill(peeked_);
    if (!got) return passOn(std::move(got).error());
    if (*got == 0) break;
    peeked_ += *got;
  }
  return packingOf({buffer_.data(), peeked_});
}

Result<std::string_view> RawBytes::next() {
  if (peeked_ > 0) return std::string_view(buffer_.data(), std::exchange(peeked_, 0));
  auto got = fill(0);
  if (!got) return passOn(std::move(got).error());
  return std::string_view(buffer_.data(), *got);
}

}  // namespace relapse::logfile
