// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "failure/values.hpp"

namespace relapse::postmortem {

// How an arm64 kernel translates its own addresses.
struct Translation {
  std::uint64_t root = 0;  // physical address of swapper_pg_dir
  unsigned pageShift = 0;  // 12, 14 or 16
  unsigned vaBits = 0;     // as configured: 36, 39, 42, 47, 48, or 52 with pages of 64 KiB
};

bool isKnown(const Translation& translation);

// Physical memory that a dump holds.
struct MemoryRange {
  std::uint64_t start = 0;
  std::uint64_t size = 0;
};

struct Mapping {
  std::uint64_t virtualAddress = 0;
  std::uint64_t physicalAddress = 0;
  std::uint64_t size = 0;
};

struct PageTableWalk {
  std::vector<Mapping> mappings = {};  // by virtual address, none overlap; each lies within one range of the memory
  std::uint64_t tables = 0;            // read
  std::uint64_t repeated = 0;          // entries that lead to a table that was walked before (a loop, or KASAN's zero
                                       // shadow): left out
  std::uint64_t unreadable = 0;        // entries that lead to a table that the dump does not hold: left out
};

// Fills `entries` with the table at a physical address; false: the dump does not hold it.
using ReadTable = std::function<bool(std::uint64_t physicalAddress, std::span<std::uint64_t> entries)>;

// All that the kernel's half of the address space maps to `memory` (sorted, not overlapping); what it maps elsewhere,
// to devices, is left out. The tables may be anything: no table is walked twice, and time and space are bounded
// by the size of the memory. BadInput: unknown translation, no root table, more tables or ranges than such a memory
// has.
Result<PageTableWalk> walkPageTables(const Translation& translation, std::span<const MemoryRange> memory,
                                     const ReadTable& read);

// Where the mappings put a virtual address; nothing when they do not.
const Mapping* mappingOf(const std::vector<Mapping>& mappings, std::uint64_t virtualAddress);

}  // namespace relapse::postmortem
