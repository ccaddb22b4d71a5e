// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "failure/values.hpp"

namespace relapse::checksum {

// SHA-256, in hex. The only user of OpenSSL. Not thread-safe; one object, one sum.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;

  // Raw bytes, as sha256sum sees them.
  void add(std::string_view bytes);

  // A field of a key made of several: its length goes in, too, so that "ab","c" is not "a","bc".
  void addField(std::string_view bytes);

  std::string hex();  // once

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string ofText(std::string_view bytes);

// Exhausted when the file cannot be read.
Result<std::string> ofFile(const std::filesystem::path& file);

}  // namespace relapse::checksum
