// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/image.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "kernel/disk.hpp"
#include "kernel/hash.hpp"
#include "kernel/kernel.hpp"
#include "kernel/modules.hpp"
#include "process/descriptor.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMagicOffset = 56;
constexpr std::string_view kMagic = "ARM\x64";
constexpr std::string_view kBanner = "Linux version ";
constexpr std::string_view kOfRelease = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+~-";

using OwnedElf = std::unique_ptr<Elf, decltype(&elf_end)>;

tl::unexpected<Failure> badInput(const fs::path& file, std::string_view problem) {
  return fail(FailureKind::BadInput, fmt::format("{}: {}", file.string(), problem));
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

// The build-id among the notes of one section.
std::string buildIdIn(Elf_Data* data) {
  GElf_Nhdr note;
  std::size_t nameAt = 0, descriptionAt = 0;
  for (std::size_t at = 0; (at = gelf_getnote(data, at, &note, &nameAt, &descriptionAt)) > 0;) {
    const auto* bytes = static_cast<const char*>(data->d_buf);
    if (note.n_type == NT_GNU_BUILD_ID && std::string_view(bytes + nameAt, note.n_namesz) == std::string_view("GNU", 4))
      return hex({bytes + descriptionAt, note.n_descsz});
  }
  return {};
}

std::string buildIdOf(Elf* elf) {
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr || header.sh_type != SHT_NOTE) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr) continue;
    if (std::string found = buildIdIn(data); !found.empty()) return found;
  }
  return {};
}

// "Linux version 6.1.192 (relapse@relapse) ..." is in the kernel; "Linux version %s" is not it.
std::string releaseIn(std::string_view bytes) {
  for (std::size_t at = 0; (at = bytes.find(kBanner, at)) != std::string_view::npos;) {
    at += kBanner.size();
    const std::string_view rest = bytes.substr(at, 128);
    const std::size_t end = rest.find(' ');
    const bool number = !rest.empty() && rest.front() >= '0' && rest.front() <= '9';
    if (number && end != std::string_view::npos && rest.find_first_not_of(kOfRelease) == end)
      return std::string(rest.substr(0, end));
  }
  return {};
}

// A file's bytes, mapped.
class Mapping {
 public:
  explicit Mapping(const process::Descriptor& descriptor, std::size_t size)
      : size_(size), bytes_(::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.get(), 0)) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (bytes_ != MAP_FAILED) ::munmap(bytes_, size_);
  }
  std::string_view bytes() const {
    return bytes_ == MAP_FAILED ? std::string_view() : std::string_view(static_cast<const char*>(bytes_), size_);
  }

 private:
  std::size_t size_;
  void* bytes_;
};

}  // namespace

Result<void> checkImage(const fs::path& image) {
  const process::Descriptor descriptor(::open(image.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.isOpen()) return badInput(image, std::strerror(errno));
  char head[kMagicOffset + kMagic.size()] = {};
  const ssize_t count = ::read(descriptor.get(), head, sizeof head);
  if (count == sizeof head && std::string_view(head + kMagicOffset, kMagic.size()) == kMagic) return {};
  const bool packed = std::string_view(head, 2) == "\x1f\x8b";
  return badInput(image, packed ? "expected an arm64 kernel Image, found a compressed file"
                                : "expected an arm64 kernel Image, found something else");
}

Result<VmlinuxFacts> readVmlinux(const fs::path& vmlinux) {
  const process::Descriptor descriptor(::open(vmlinux.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.isOpen()) return badInput(vmlinux, std::strerror(errno));
  elf_version(EV_CURRENT);
  const OwnedElf elf(elf_begin(descriptor.get(), ELF_C_READ_MMAP, nullptr), elf_end);
  GElf_Ehdr header;
  if (!elf || gelf_getehdr(elf.get(), &header) == nullptr || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_machine != EM_AARCH64)
    return badInput(vmlinux, "expected an aarch64 ELF file (vmlinux), found something else");
  const Mapping mapping(descriptor, fs::file_size(vmlinux));
  return VmlinuxFacts{releaseIn(mapping.bytes()), buildIdOf(elf.get())};
}

Result<KernelImage> ready(const ReadyKernel& files) try {
  const auto& [image, vmlinux, modules] = files;
  if (auto checked = checkImage(image); !checked) return passOn(checked.error());
  auto facts = readVmlinux(vmlinux);
  if (!facts) return passOn(facts.error());
  if (!modules.empty() && !fs::is_directory(modules)) return badInput(modules, "expected a folder with *.ko");
  if (!modules.empty() && modulesIn(modules).empty())
    return badInput(modules, "expected a folder with *.ko, found none");
  KernelImage kernel;
  kernel.image = fs::absolute(image);
  kernel.vmlinux = fs::absolute(vmlinux);
  kernel.source = image.string();
  kernel.release = facts->release;
  kernel.buildId = facts->buildId;
  kernel.imageSha256 = sha256OfFile(image);
  kernel.vmlinuxSha256 = sha256OfFile(vmlinux);
  if (modules.empty()) return kernel;
  kernel.modules = fs::absolute(modules);
  kernel.modulesSha256 = sumOfModules(modulesIn(modules));
  return kernel;
} catch (const fs::filesystem_error& error) {
  return passOn(failureOf(error));
}

}  // namespace relapse::kernel
