// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/vmcore_info.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

namespace relapse::postmortem {
namespace {

constexpr std::uint64_t kLargestImage = 128u << 20;  // the formula's guess at where the image ends

std::optional<std::uint64_t> number(std::string_view text, int base) {
  if (text.substr(0, 2) == "0x") {
    text.remove_prefix(2);
    base = 16;
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// Puts one line's value where it belongs. False: a key that counts, with a value that cannot be.
bool take(std::string_view key, std::string_view value, Vmcoreinfo& info) {
  const auto optional = [&](std::optional<std::uint64_t>& to, int base) {
    return (to = number(value, base)).has_value();
  };
  if (key == "OSRELEASE") {
    info.release = value;
    return !value.empty() && value.size() <= 64 && printable(value);
  }
  if (key == "SYMBOL(swapper_pg_dir)") return optional(info.swapperPgDir, 16);
  if (key == "SYMBOL(_stext)") return optional(info.stext, 16);
  if (key == "NUMBER(kimage_voffset)") return optional(info.kimageVoffset, 10);
  if (key == "NUMBER(PHYS_OFFSET)") return optional(info.physOffset, 10);
  std::optional<std::uint64_t> plain;
  if (key == "PAGESIZE") {
    if (!optional(plain, 10) || !std::has_single_bit(*plain)) return false;
    info.pageShift = static_cast<unsigned>(std::countr_zero(*plain));
  } else if (key == "NUMBER(VA_BITS)") {
    if (!optional(plain, 10) || *plain > 52) return false;
    info.vaBits = static_cast<unsigned>(*plain);
  } else if (key == "KERNELOFFSET") {
    if (!optional(plain, 16)) return false;
    info.slide = *plain;
  }
  return true;
}

// Of "4.19.325": 4 and 19.
std::pair<unsigned, unsigned> lineOf(std::string_view release) {
  unsigned version = 0, patchlevel = 0;
  const char* end = release.data() + release.size();
  const auto [dot, error] = std::from_chars(release.data(), end, version);
  if (error == std::errc() && dot < end && *dot == '.') std::from_chars(dot + 1, end, patchlevel);
  return {version, patchlevel};
}

}  // namespace

Result<Vmcoreinfo> parseVmcoreinfo(std::string_view text) {
  Vmcoreinfo info;
  text = text.substr(0, text.find('\0'));
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    if (!take(line.substr(0, equals), line.substr(equals + 1), info))
      return fail(FailureKind::BadInput,
                  fmt::format("VMCOREINFO: {} has a value that no arm64 kernel has", line.substr(0, equals)));
  }
  if (info.release.empty()) return fail(FailureKind::BadInput, "VMCOREINFO: OSRELEASE is missing");
  return info;
}

std::string textOf(const Vmcoreinfo& info) {
  std::string text = fmt::format("OSRELEASE={}\nPAGESIZE={}\nNUMBER(VA_BITS)={}\nKERNELOFFSET={:x}\n", info.release,
                                 1u << info.pageShift, info.vaBits, info.slide);
  if (info.swapperPgDir) text += fmt::format("SYMBOL(swapper_pg_dir)={:x}\n", *info.swapperPgDir);
  if (info.stext) text += fmt::format("SYMBOL(_stext)={:x}\n", *info.stext);
  if (info.kimageVoffset) text += fmt::format("NUMBER(kimage_voffset)=0x{:x}\n", *info.kimageVoffset);
  if (info.physOffset) text += fmt::format("NUMBER(PHYS_OFFSET)=0x{:x}\n", *info.physOffset);
  return text;
}

Result<Translation> translationOf(const Vmcoreinfo& info) {
  const auto missing = [](const char* what) {
    return fail(FailureKind::BadInput, fmt::format("VMCOREINFO: {} is missing", what));
  };
  if (!info.swapperPgDir) return missing("SYMBOL(swapper_pg_dir)");
  if (!info.kimageVoffset) return missing("NUMBER(kimage_voffset)");
  if (!info.pageShift) return missing("PAGESIZE");
  if (!info.vaBits) return missing("NUMBER(VA_BITS)");
  return Translation{*info.swapperPgDir - *info.kimageVoffset, info.pageShift, info.vaBits};
}

Result<PageTableWalk> walkFor(const Vmcoreinfo& info, const PhysicalMemory& memory) {
  const auto translation = translationOf(info);
  if (!translation) return passOn(translation.error());
  const ReadTable read = [&](std::uint64_t address, std::span<std::uint64_t> entries) {
    return memory.read(address, entries.data(), entries.size_bytes());
  };
  auto walk = walkPageTables(*translation, memory.ranges(), read);
  if (!walk) return walk;
  const Mapping* own = mappingOf(walk->mappings, *info.swapperPgDir);
  if (!own || own->physicalAddress + (*info.swapperPgDir - own->virtualAddress) != translation->root)
    return fail(FailureKind::BadInput, fmt::format("what lies at {:#x} does not map swapper_pg_dir to itself: not the "
                                                   "kernel's page tables",
                                                   translation->root));
  return walk;
}

Result<std::vector<Mapping>> mappingsByFormula(const Vmcoreinfo& info, const PhysicalMemory& memory) {
  if (!info.physOffset || !info.kimageVoffset || !info.stext || !info.pageShift || !info.vaBits)
    return fail(FailureKind::BadInput, "VMCOREINFO lacks what the linear map's formula needs");
  if (!isKnown({0, info.pageShift, info.vaBits}))
    return fail(FailureKind::BadInput, "VMCOREINFO: VA_BITS and PAGESIZE do not go together");
  const unsigned halved = lineOf(info.release) < std::pair(5u, 4u) ? 1 : 0;  // v5.4 turned the address space over
  const std::uint64_t pageOffset = ~std::uint64_t{0} << (info.vaBits - halved);
  const std::uint64_t lowest = ~std::uint64_t{0} << info.vaBits;
  const std::uint64_t image = (*info.stext - *info.kimageVoffset) & ~std::uint64_t{(2u << 20) - 1};
  if (!memory.offsetOf(image) || *info.stext < lowest)
    return fail(FailureKind::BadInput,
                fmt::format("VMCOREINFO: the image would be at {:#x}, where no memory is", image));
  std::vector<Mapping> mappings;
  for (const MemoryRange& range : memory.ranges()) {
    const std::uint64_t linear = range.start - *info.physOffset + pageOffset;
    if (linear < pageOffset || linear + range.size < linear)
      return fail(FailureKind::BadInput, fmt::format("VMCOREINFO: PHYS_OFFSET is {:#x}, but there is memory at {:#x}",
                                                     *info.physOffset, range.start));
    mappings.push_back({linear, range.start, range.size});
    const std::uint64_t from = std::max(range.start, image);
    const std::uint64_t to = std::min(range.start + range.size, image + kLargestImage);
    if (from < to) mappings.push_back({from + *info.kimageVoffset, from, to - from});
  }
  std::sort(mappings.begin(), mappings.end(),
            [](const Mapping& a, const Mapping& b) { return a.virtualAddress < b.virtualAddress; });
  return mappings;
}

}  // namespace relapse::postmortem
