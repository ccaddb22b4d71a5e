// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <elf.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace relapse::postmortem {

template <class T>
std::string rawBytes(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

inline std::string elfNote(const std::string& owner, std::uint32_t type, const std::string& content) {
  const auto padded = [](std::string text) {
    text.resize((text.size() + 3) / 4 * 4, '\0');
    return text;
  };
  const Elf64_Nhdr header{static_cast<Elf64_Word>(owner.size() + 1), static_cast<Elf64_Word>(content.size()), type};
  return rawBytes(header) + padded(owner + '\0') + padded(content);
}

// A folder that is gone with the test.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "vmcore-test-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline std::string contentOf(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void writeFile(const std::filesystem::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary) << content;
}

// Memory of a guest with a tiny kernel in it: VA_BITS=39, pages of 4 KiB, Linux 6.1's layout. The image lies at 2 MiB,
// its page tables behind it.
class TinyGuest {
 public:
  static constexpr std::uint64_t kRam = 0x40000000, kSize = 0x400000;
  static constexpr std::uint64_t kImage = kRam + 0x200000, kSwapper = kImage + 0x10000, kBanner = kImage + 0x1230;
  static constexpr std::uint64_t kLinear = 0xffffff8000000000, kImageLink = 0xffffffc008000000;
  static constexpr std::uint64_t kVmalloc = 0xffffffc010000000, kStackPage = kRam + 0x5000;

  explicit TinyGuest(std::uint64_t slide = 0) : slide_(slide), memory_(kSize, '\0') {
    const std::uint64_t linearPmd = table(), imagePmd = table(), stackPte = table(), devicePte = table();
    put(kSwapper + index(kLinear, 30) * 8, linearPmd | 3);
    put(kSwapper + index(imageAddress(), 30) * 8, imagePmd | 3);
    put(linearPmd, kRam | 0x701);  // blocks of 2 MiB
    put(linearPmd + 8, (kRam + 0x200000) | 0x701);
    put(imagePmd + index(imageAddress(), 21) * 8, kImage | 0x701);
    put(imagePmd + index(kVmalloc, 21) * 8, stackPte | 3);
    put(stackPte, kStackPage | 0x703);
    put(stackPte + 8, (kRam + 0x9000) | 0x703);
    put(imagePmd + index(kVmalloc + 0x200000, 21) * 8, devicePte | 3);
    put(devicePte, 0x09000000 | 0x703);  // the console's registers
    write(kBanner, kBannerText);
    write(kStackPage, "a stack in vmalloc space");
  }

  static constexpr const char* kBannerText = "Linux version 6.1.99 (of a test) #1 SMP\n";

  std::uint64_t imageAddress() const { return kImageLink + slide_; }

  std::string vmcoreinfo() const {
    const auto hex = [](std::uint64_t value) {
      char text[32];
      snprintf(text, sizeof text, "%lx", static_cast<unsigned long>(value));
      return std::string(text);
    };
    return "OSRELEASE=6.1.99\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=" + hex(imageAddress() + 0x10000) +
           "\nSYMBOL(_stext)=" + hex(imageAddress()) + "\nNUMBER(VA_BITS)=39\nNUMBER(kimage_voffset)=0x" +
           hex(imageAddress() - kImage) + "\nNUMBER(PHYS_OFFSET)=0x" + hex(kRam) + "\nKERNELOFFSET=" + hex(slide_) +
           "\n";
  }

  void put(std::uint64_t address, std::uint64_t value) { write(address, rawBytes(value)); }
  void write(std::uint64_t address, std::string_view bytes) { memory_.replace(address - kRam, bytes.size(), bytes); }

  // As QEMU writes it. The memory is cut into two PT_LOADs at `cut`, in reverse order in the file.
  std::string dump(const std::string& vmcoreinfo, std::uint64_t cut = 0) const {
    std::string notes = elfNote("CORE", NT_PRSTATUS, std::string(0x188, 'r'));
    if (!vmcoreinfo.empty()) notes += elfNote("VMCOREINFO", 0, vmcoreinfo);
    std::vector<std::pair<std::uint64_t, std::string>> parts = {{kRam, memory_}};
    if (cut) parts = {{kRam + cut, memory_.substr(cut)}, {kRam, memory_.substr(0, cut)}};
    Elf64_Ehdr header{};
    std::copy_n(ELFMAG, SELFMAG, header.e_ident);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_CORE;
    header.e_machine = EM_AARCH64;
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = static_cast<Elf64_Half>(parts.size() + 1);
    std::uint64_t offset = sizeof header + header.e_phnum * sizeof(Elf64_Phdr);
    std::string bytes = rawBytes(header);
    bytes += rawBytes(Elf64_Phdr{PT_NOTE, 0, offset, 0, 0, notes.size(), notes.size(), 0});
    offset += notes.size();
    for (const auto& [address, part] : parts) {
      bytes += rawBytes(Elf64_Phdr{PT_LOAD, 0, offset, address, address, part.size(), part.size(), 0});
      offset += part.size();
    }
    bytes += notes;
    for (const auto& part : parts) bytes += part.second;
    return bytes;
  }

  // Its vmlinux, at the addresses before KASLR.
  static std::string vmlinux(const std::string& banner = kBannerText) {
    const std::string names = std::string("\0swapper_pg_dir\0linux_banner\0_stext\0", 37);
    std::string symbols = rawBytes(Elf64_Sym{});
    const auto symbol = [&](Elf64_Word name, std::uint64_t address) {
      Elf64_Sym one{};
      one.st_name = name;
      one.st_shndx = 1;
      one.st_value = address;
      symbols += rawBytes(one);
    };
    symbol(1, kImageLink + (kSwapper - kImage));
    symbol(16, kImageLink + (kBanner - kImage));
    symbol(29, kImageLink);
    Elf64_Ehdr header{};
    std::copy_n(ELFMAG, SELFMAG, header.e_ident);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_EXEC;
    header.e_machine = EM_AARCH64;
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 1;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 3;
    std::string body = banner + '\0';
    const std::uint64_t bodyAt = sizeof header + sizeof(Elf64_Phdr), symbolsAt = bodyAt + body.size();
    header.e_shoff = symbolsAt + symbols.size() + names.size();
    Elf64_Shdr table{}, text{};
    table.sh_type = SHT_SYMTAB;
    table.sh_offset = symbolsAt;
    table.sh_size = symbols.size();
    table.sh_link = 2;
    text.sh_type = SHT_STRTAB;
    text.sh_offset = symbolsAt + symbols.size();
    text.sh_size = names.size();
    const std::uint64_t bannerLink = kImageLink + (kBanner - kImage);
    return rawBytes(header) +
           rawBytes(Elf64_Phdr{PT_LOAD, 0, bodyAt, bannerLink, bannerLink, body.size(), body.size(), 0}) + body +
           symbols + names + rawBytes(Elf64_Shdr{}) + rawBytes(table) + rawBytes(text);
  }

 private:
  static std::uint64_t index(std::uint64_t address, unsigned shift) { return address >> shift & 511; }
  std::uint64_t table() { return nextTable_ += 0x1000; }

  std::uint64_t slide_;
  std::string memory_;
  std::uint64_t nextTable_ = kSwapper;
};

}  // namespace relapse::postmortem
