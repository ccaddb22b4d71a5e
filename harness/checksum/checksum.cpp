// SPDX-License-Identifier: GPL-2.0-or-later
#include "checksum/checksum.hpp"

#include <cstdint>
#include <fstream>
#include <vector>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace relapse::checksum {

struct Sha256::Context {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> sum{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  EVP_DigestInit_ex(context_->sum.get(), EVP_sha256(), nullptr);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;

void Sha256::add(std::string_view bytes) {
  EVP_DigestUpdate(context_->sum.get(), bytes.data(), bytes.size());
}

void Sha256::addField(std::string_view bytes) {
  const auto size = static_cast<std::uint64_t>(bytes.size());
  EVP_DigestUpdate(context_->sum.get(), &size, sizeof size);
  add(bytes);
}

std::string Sha256::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(context_->sum.get(), digest, &size);
  std::string out;
  for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02x}", digest[i]);
  return out;
}

std::string ofText(std::string_view bytes) {
  Sha256 sum;
  sum.add(bytes);
  return sum.hex();
}

Result<std::string> ofFile(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(FailureKind::Exhausted, fmt::format("{}: cannot be read", file.string()));
  Sha256 sum;
  std::vector<char> buffer(1u << 20);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
    sum.add({buffer.data(), static_cast<std::size_t>(in.gcount())});
  if (in.bad()) return fail(FailureKind::Exhausted, fmt::format("{}: cannot be read", file.string()));
  return sum.hex();
}

}  // namespace relapse::checksum
