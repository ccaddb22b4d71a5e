// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "postmortem/vmcore_info.hpp"

namespace relapse::postmortem {
namespace {

constexpr std::uint64_t kMostSymbolBytes = 1u << 30;
constexpr std::uint64_t kImageAlignment = 64u << 10;  // KASLR moves an image by multiples of it, at least

constexpr int kMostTries = 8;  // copies of the banner that are looked at

using Symbols = std::map<std::string, std::uint64_t>;

std::vector<Elf64_Shdr> sectionsOf(const ElfFile& file) {
  std::vector<Elf64_Shdr> sections(file.header().e_shnum);
  if (file.header().e_shentsize != sizeof(Elf64_Shdr) ||
      !file.readAt(file.header().e_shoff, sections.data(), sections.size() * sizeof(Elf64_Shdr)))
    sections.clear();
  return sections;
}

// Those of `wanted` that the file's symbol table has.
Symbols symbolsOf(const ElfFile& file, const std::vector<std::string_view>& wanted) {
  Symbols found;
  const auto sections = sectionsOf(file);
  for (const Elf64_Shdr& table : sections) {
    if (table.sh_type != SHT_SYMTAB || table.sh_link >= sections.size()) continue;
    const Elf64_Shdr& names = sections[table.sh_link];
    if (table.sh_size > kMostSymbolBytes || names.sh_size > kMostSymbolBytes) continue;
    std::vector<Elf64_Sym> symbols(table.sh_size / sizeof(Elf64_Sym));
    std::string text(names.sh_size, '\0');
    if (!file.readAt(table.sh_offset, symbols.data(), symbols.size() * sizeof(Elf64_Sym)) ||
        !file.readAt(names.sh_offset, text.data(), text.size()))
      continue;
    for (const Elf64_Sym& symbol : symbols) {
      if (symbol.st_name >= text.size() || symbol.st_shndx == SHN_UNDEF) continue;
      const std::string_view name = text.c_str() + symbol.st_name;
      if (std::find(wanted.begin(), wanted.end(), name) != wanted.end()) found[std::string(name)] = symbol.st_value;
    }
  }
  return found;
}

// The text at a virtual address, up to its NUL.
std::string textAt(const ElfFile& file, std::uint64_t address) {
  for (const Segment& segment : file.segments()) {
    const std::uint64_t inside = address - segment.virtualAddress;
    if (address < segment.virtualAddress || inside >= segment.size) continue;
    std::string text(std::min<std::uint64_t>(512, segment.size - inside), '\0');
    if (!file.readAt(segment.offset + inside, text.data(), text.size())) return {};
    return text.substr(0, text.find('\0'));
  }
  return {};
}

// How far above vmlinux's own addresses the walk shows the image; nothing when it does not.
std::optional<std::uint64_t> slideIn(const PageTableWalk& walk, std::uint64_t inVmlinux, std::uint64_t physical) {
  std::optional<std::uint64_t> least;  // the linear map's alias lies higher (before v5.4) or below
  for (const Mapping& mapping : walk.mappings) {
    const std::uint64_t inside = physical - mapping.physicalAddress;
    if (physical < mapping.physicalAddress || inside >= mapping.size) continue;
    const std::uint64_t address = mapping.virtualAddress + inside;
    if (address < inVmlinux || (address - inVmlinux) % kImageAlignment != 0) continue;
    if (!least || address - inVmlinux < *least) least = address - inVmlinux;
  }
  return least;
}

struct Known {
  std::string banner;
  Symbols symbols;
};

Result<Known> knownOf(const std::filesystem::path& vmlinux) {
  const auto file = ElfFile::open(vmlinux);
  if (!file) return passOn(file.error());
  Known known{{}, symbolsOf(*file, {"swapper_pg_dir", "linux_banner", "_stext"})};
  if (known.symbols.size() != 3)
    return fail(FailureKind::BadInput, fmt::format("{}: has no symbols swapper_pg_dir, linux_banner and _stext, "
                                                   "expected an unstripped vmlinux",
                                                   vmlinux.string()));
  known.banner = textAt(*file, known.symbols["linux_banner"]);
  if (known.banner.rfind("Linux version ", 0) != 0)
    return fail(FailureKind::BadInput, fmt::format("{}: its linux_banner is not one", vmlinux.string()));
  return known;
}

std::optional<LocatedKernel> locatedAt(std::uint64_t banner, const Known& known, const PhysicalMemory& memory) {
  const std::uint64_t inVmlinux = known.symbols.at("linux_banner");
  const std::uint64_t swapper = known.symbols.at("swapper_pg_dir");
  const ReadTable read = [&](std::uint64_t address, std::span<std::uint64_t> entries) {
    return memory.read(address, entries.data(), entries.size_bytes());
  };
  Vmcoreinfo info;
  info.release = known.banner.substr(std::strlen("Linux version "));
  info.release.resize(std::min(info.release.size(), info.release.find(' ')));
  for (const auto& [pageShift, vaBits] :
       {std::pair(12u, 39u), {12u, 48u}, {16u, 42u}, {16u, 48u}, {16u, 52u}, {14u, 36u}, {14u, 47u}, {14u, 48u}}) {
    auto walk = walkPageTables({banner - inVmlinux + swapper, pageShift, vaBits}, memory.ranges(), read);
    const auto slide = walk ? slideIn(*walk, inVmlinux, banner) : std::nullopt;
    if (!slide) continue;
    info.pageShift = pageShift;
    info.vaBits = vaBits;
    info.slide = *slide;
    info.kimageVoffset = inVmlinux + *slide - banner;
    info.swapperPgDir = swapper + *slide;
    info.stext = known.symbols.at("_stext") + *slide;
    if (auto checked = walkFor(info, memory)) return LocatedKernel{info, std::move(*checked)};
  }
  return std::nullopt;
}

}  // namespace

Result<LocatedKernel> locateByVmlinux(const std::filesystem::path& vmlinux, const PhysicalMemory& memory) {
  auto known = knownOf(vmlinux);
  if (!known) return passOn(known.error());
  const std::uint64_t remainder = known->symbols["linux_banner"] % kImageAlignment;
  const std::string text = known->banner + '\0';
  std::optional<std::uint64_t> banner = memory.find(text, kImageAlignment, remainder);
  if (!banner)
    return fail(FailureKind::BadInput,
                fmt::format("{}: not the dumped kernel's: its \"{}\" is not in the dump", vmlinux.string(),
                            known->banner.substr(0, known->banner.find('\n'))));
  for (int tries = 0; banner && tries < kMostTries;
       ++tries, banner = memory.find(text, kImageAlignment, remainder, *banner + 1))
    if (auto located = locatedAt(*banner, *known, memory)) return std::move(*located);
  return fail(FailureKind::BadInput, "the kernel's image is in the dump, but its page tables are not intact");
}

}  // namespace relapse::postmortem
