// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace relapse::kernel {

// SHA-256 of what is added, in hex.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  Sha256& add(std::string_view bytes);
  Sha256& addField(std::string_view text);  // with its length before it: no two lists of fields are alike
  std::string hex();                        // once, at the end

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string sha256(std::string_view bytes);
std::string sha256OfFile(const std::filesystem::path& file);  // throws std::filesystem::filesystem_error

}  // namespace relapse::kernel
