// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a memory dump, and as page tables: no memory is changed, and what is added is sound and bounded.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "memory_file.hpp"
#include "postmortem/page_tables.hpp"
#include "postmortem/vmcore.hpp"
#include "postmortem/vmcore_file.hpp"
#include "postmortem/vmcore_info.hpp"
#include "require.hpp"

namespace relapse::postmortem {
namespace {

constexpr std::size_t kMostAdded = 4u << 20;

void requireMappings(const std::vector<Mapping>& mappings, const std::vector<MemoryRange>& memory,
                     std::string_view bytes) {
  std::uint64_t last = 0;
  bool first = true;
  for (const Mapping& mapping : mappings) {
    require(mapping.size > 0 && mapping.virtualAddress >> 63, "a mapping is of the kernel's half", bytes);
    require(mapping.virtualAddress + (mapping.size - 1) >= mapping.virtualAddress, "a mapping does not wrap", bytes);
    require(first || mapping.virtualAddress > last, "mappings are in order, and none overlap", bytes);
    last = mapping.virtualAddress + (mapping.size - 1);
    first = false;
    require(std::ranges::any_of(memory,
                                [&](const MemoryRange& range) {
                                  return mapping.physicalAddress >= range.start &&
                                         mapping.physicalAddress - range.start <= range.size &&
                                         mapping.size <= range.size - (mapping.physicalAddress - range.start);
                                }),
            "a mapping is of memory that there is", bytes);
  }
}

// The bytes are the guest's memory, at 1 GiB.
void checkTables(std::string_view bytes) {
  static constexpr std::uint64_t kStart = 1ull << 30;
  static constexpr Translation kForms[] = {{kStart, 12, 39}, {kStart, 12, 48}, {kStart, 14, 47}, {kStart, 16, 52}};
  const std::vector<MemoryRange> memory{{kStart, bytes.size()}};
  for (const Translation& form : kForms) {
    const auto walk = walkPageTables(form, memory, [&](std::uint64_t address, std::span<std::uint64_t> entries) {
      const std::size_t size = entries.size() * sizeof entries[0];
      if (address < kStart || address - kStart > bytes.size() || size > bytes.size() - (address - kStart)) return false;
      std::memcpy(entries.data(), bytes.data() + (address - kStart), size);
      return true;
    });
    if (!walk) continue;
    requireMappings(walk->mappings, memory, bytes);
    require(walk->tables <= bytes.size() / 8 + 1, "no more tables are read than there is memory", bytes);
  }
}

void requireUntouched(std::string_view before, std::string_view after) {
  const std::size_t head = std::min(before.size(), sizeof(Elf64_Ehdr));
  require(after.size() >= before.size() && after.substr(head, before.size() - head) == before.substr(head),
          "no memory of a dump is changed", before);
  require(after.size() - before.size() <= kMostAdded + 64 * before.size(), "what is added to a dump is bounded",
          before);
}

void checkDump(std::string_view bytes) {
  const MemoryFile file(bytes);
  const auto kind = identify(file.path());
  if (kind) {
    require(!describe(*kind).empty(), "a dump can be described", bytes);
    require(kind->missing <= kind->memory || kind->memory == 0, "no more is missing than was promised", bytes);
#ifdef RELAPSE_PLANTED_BUG
    require(kind->missing == 0, "the planted bug", bytes);
#endif
  }
  const auto facts = addVirtualAddresses(file.path());
  const std::string after = file.content();
  if (!facts) {
    require(!facts.error().message.empty(), "it is said why not", bytes);
    require(after.substr(0, bytes.size()) == bytes, "a dump that cannot be done stays as it is", bytes);
    return;
  }
  require(kind.has_value(), "what is done was known for a dump", bytes);
  requireUntouched(bytes, after);
  require(isCleanText(facts->release), "a release is clean text", facts->release);
  const auto again = addVirtualAddresses(file.path());
  require(again && again->doneBefore, "a dump is done once", bytes);
  require(file.content() == after, "doing it twice does nothing", bytes);
}

void check(std::string_view bytes) {
  checkDump(bytes);
  checkTables(bytes);
  if (const auto info = parseVmcoreinfo(bytes)) {
    const auto again = parseVmcoreinfo(textOf(*info));
    require(again.has_value(), "VMCOREINFO can be written and read", bytes);
    require(textOf(*again) == textOf(*info), "it is the same then", bytes);
  }
}

}  // namespace
}  // namespace relapse::postmortem

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  relapse::postmortem::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
