// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/hash.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "process/descriptor.hpp"

namespace relapse::kernel {

struct Sha256::Context {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> owned{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  EVP_DigestInit_ex(context_->owned.get(), EVP_sha256(), nullptr);
}
Sha256::~Sha256() = default;

Sha256& Sha256::add(std::string_view bytes) {
  EVP_DigestUpdate(context_->owned.get(), bytes.data(), bytes.size());
  return *this;
}

Sha256& Sha256::addField(std::string_view text) {
  return add(std::to_string(text.size())).add(":").add(text);
}

std::string Sha256::hex() {
  std::array<unsigned char, 32> digest{};
  EVP_DigestFinal_ex(context_->owned.get(), digest.data(), nullptr);
  std::string text;
  for (const unsigned char byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string sha256(std::string_view bytes) {
  return Sha256().add(bytes).hex();
}

std::string sha256OfFile(const std::filesystem::path& file) {
  const auto failed = [&] {
    return std::filesystem::filesystem_error("cannot read", file, {errno, std::system_category()});
  };
  const process::Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.isOpen()) throw failed();
  Sha256 hash;
  std::vector<char> buffer(1u << 18);
  for (ssize_t count; (count = ::read(descriptor.get(), buffer.data(), buffer.size())) != 0;) {
    if (count < 0) throw failed();
    hash.add({buffer.data(), static_cast<std::size_t>(count)});
  }
  return hash.hex();
}

}  // namespace relapse::kernel
