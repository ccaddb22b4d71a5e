// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "document/errors.hpp"
#include "kernel/disk.hpp"
#include "kernel/hash.hpp"

namespace relapse::kernel {

namespace {

// Nothing for what is no hex.
std::optional<std::string> bytesOf(std::string_view hex) {
  std::string bytes;
  for (; hex.size() >= 2; hex.remove_prefix(2)) {
    unsigned char byte = 0;
    const auto parsed = std::from_chars(hex.data(), hex.data() + 2, byte, 16);
    if (parsed.ptr != hex.data() + 2) return std::nullopt;
    bytes += static_cast<char>(byte);
  }
  return hex.empty() ? std::optional(bytes) : std::nullopt;
}

void blank(std::string& text, const std::string& bytes) {
  if (bytes.empty()) return;
  for (std::size_t at = 0; (at = text.find(bytes, at)) != std::string::npos; at += bytes.size())
    std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(at), bytes.size(), '\0');
}

}  // namespace

Result<std::string> sumOfCode(const KernelImage& kernel) try {
  const auto buildId = bytesOf(kernel.buildId);
  if (!buildId)
    return fail(FailureKind::BadInput, fmt::format("{}: expected a build-id in hex, found {}", kernel.vmlinux.string(),
                                                   document::quote(kernel.buildId)));
  std::string image = readFile(kernel.image);
  blank(image, *buildId);
  return sha256OfFields({sha256(image), kernel.modulesSha256});
} catch (const std::filesystem::filesystem_error& error) {
  return fail(FailureKind::BadInput, fmt::format("{}: {}", kernel.image.string(), error.code().message()));
}

}  // namespace relapse::kernel
