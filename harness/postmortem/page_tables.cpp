// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/page_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace relapse::postmortem {
namespace {

constexpr std::size_t kMostMappings = 1u << 20;

// Descriptors of the Arm architecture's VMSAv8-64 long format.
constexpr std::uint64_t kValid = 1;
constexpr std::uint64_t kTableOrPage = 2;

constexpr std::array<Translation, 8> kKnown = {
    {{0, 12, 39}, {0, 12, 48}, {0, 14, 36}, {0, 14, 47}, {0, 14, 48}, {0, 16, 42}, {0, 16, 48}, {0, 16, 52}}};

class Walker {
 public:
  Walker(const Translation& translation, std::span<const MemoryRange> memory, const ReadTable& read)
      : translation_(translation), memory_(memory), read_(read), bitsPerLevel_(translation.pageShift - 3) {
    std::uint64_t bytes = 0;
    for (const MemoryRange& range : memory) bytes += range.size;
    // Mapped page by page, twice over, memory takes 1/256 of its pages (4 KiB) for tables.
    mostTables_ = 4096 + (bytes >> translation.pageShift) / 32;
  }

  Result<PageTableWalk> walk() {
    const unsigned levels = (translation_.vaBits - translation_.pageShift + bitsPerLevel_ - 1) / bitsPerLevel_;
    const unsigned level = 4 - levels;
    const unsigned rootBits = translation_.vaBits - shiftOf(level);
    const std::uint64_t start = ~std::uint64_t{0} << translation_.vaBits;
    if (!walkTable(translation_.root, level, std::size_t{1} << rootBits, start)) {
      if (!problem_.empty()) return fail(FailureKind::BadInput, problem_);
      return fail(FailureKind::BadInput,
                  fmt::format("the page tables' root, {:#x}, is not in the dumped memory", translation_.root));
    }
    flush();
    if (!problem_.empty()) return fail(FailureKind::BadInput, problem_);
    return std::move(found_);
  }

 private:
  unsigned shiftOf(unsigned level) const { return translation_.pageShift + (3 - level) * bitsPerLevel_; }

  // 4 KiB pages have blocks of 1 GiB and 2 MiB, 16 KiB of 32 MiB, 64 KiB of 4 TiB (52 bits only) and 512 MiB.
  bool mayBeBlock(unsigned level) const {
    return level == 2 || (level == 1 && (translation_.pageShift == 12 || translation_.vaBits == 52));
  }

  std::uint64_t target(std::uint64_t entry, unsigned shift) const {
    std::uint64_t address = entry & ((std::uint64_t{1} << 48) - (std::uint64_t{1} << translation_.pageShift));
    if (translation_.pageShift == 16) address |= (entry >> 12 & 0xf) << 48;
    return address & (~std::uint64_t{0} << shift);
  }

  bool walkTable(std::uint64_t address, unsigned level, std::size_t entries, std::uint64_t start) {
    if (++found_.tables > mostTables_) {
      problem_ = fmt::format("more than {} page tables: not those of a kernel with this memory", mostTables_);
      return false;
    }
    std::vector<std::uint64_t> table(entries);
    if (!read_(address, table)) return false;
    const unsigned shift = shiftOf(level);
    for (std::size_t i = 0; i < entries && problem_.empty(); ++i)
      if (table[i] & kValid) takeEntry(table[i], level, start + (std::uint64_t{i} << shift));
    return true;
  }

  void takeEntry(std::uint64_t entry, unsigned level, std::uint64_t start) {
    const bool leaf = level == 3 ? (entry & kTableOrPage) != 0 : !(entry & kTableOrPage) && mayBeBlock(level);
    if (leaf) return map(start, target(entry, shiftOf(level)), std::uint64_t{1} << shiftOf(level));
    if (level == 3 || !(entry & kTableOrPage)) return;
    const std::uint64_t table = target(entry, translation_.pageShift);
    if (!walked_.insert({table, level + 1}).second)
      ++found_.repeated;
    else if (!walkTable(table, level + 1, std::size_t{1} << bitsPerLevel_, start))
      ++found_.unreadable;
  }

  void map(std::uint64_t virtualAddress, std::uint64_t physicalAddress, std::uint64_t size) {
    if (open_.size && virtualAddress == open_.virtualAddress + open_.size &&
        physicalAddress == open_.physicalAddress + open_.size) {
      open_.size += size;
      return;
    }
    flush();
    open_ = {virtualAddress, physicalAddress, size};
  }

  // Gives the open mapping's parts that are in memory.
  void flush() {
    const Mapping whole = std::exchange(open_, {});
    const std::uint64_t end = whole.physicalAddress + whole.size;
    auto range = std::partition_point(memory_.begin(), memory_.end(), [&](const MemoryRange& held) {
      return held.start + held.size <= whole.physicalAddress;
    });
    for (; range != memory_.end() && range->start < end; ++range) {
      const std::uint64_t from = std::max(whole.physicalAddress, range->start);
      const std::uint64_t to = std::min(end, range->start + range->size);
      if (found_.mappings.size() == kMostMappings) {
        problem_ = fmt::format("the page tables map more than {} ranges", kMostMappings);
        return;
      }
      found_.mappings.push_back({whole.virtualAddress + (from - whole.physicalAddress), from, to - from});
    }
  }

  Translation translation_;
  std::span<const MemoryRange> memory_;
  const ReadTable& read_;
  unsigned bitsPerLevel_;
  std::uint64_t mostTables_ = 0;
  Mapping open_;  // grows as long as its neighbours follow
  PageTableWalk found_;
  std::set<std::pair<std::uint64_t, unsigned>> walked_;  // tables below the root, with their level
  std::string problem_;
};

}  // namespace

bool isKnown(const Translation& translation) {
  return std::any_of(kKnown.begin(), kKnown.end(), [&](const Translation& known) {
    return known.pageShift == translation.pageShift && known.vaBits == translation.vaBits;
  });
}

Result<PageTableWalk> walkPageTables(const Translation& translation, std::span<const MemoryRange> memory,
                                     const ReadTable& read) {
  if (!isKnown(translation))
    return fail(FailureKind::BadInput,
                fmt::format("page tables with VA_BITS={} and pages of 2^{} bytes are not known to Relapse",
                            translation.vaBits, translation.pageShift));
  return Walker(translation, memory, read).walk();
}

const Mapping* mappingOf(const std::vector<Mapping>& mappings, std::uint64_t virtualAddress) {
  const auto after =
      std::upper_bound(mappings.begin(), mappings.end(), virtualAddress,
                       [](std::uint64_t address, const Mapping& mapping) { return address < mapping.virtualAddress; });
  if (after == mappings.begin()) return nullptr;
  const Mapping& mapping = *std::prev(after);
  return virtualAddress - mapping.virtualAddress < mapping.size ? &mapping : nullptr;
}

}  // namespace relapse::postmortem
