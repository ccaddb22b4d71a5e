// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "postmortem/page_tables.hpp"
#include "postmortem/vmcore_file.hpp"

namespace relapse::postmortem {

struct NewNotes {
  std::string vmcoreinfo = {};  // takes the place of the dump's own; empty: that stays
  std::vector<Note> more = {};  // put behind the dump's
};

// What is put behind the dump, and the ELF header that makes it count.
struct Appendix {
  std::uint64_t offset = 0;
  std::string bytes;
  Elf64_Ehdr header{};
};
Result<Appendix> appendixOf(const ElfFile& file, const PhysicalMemory& memory, const std::vector<Mapping>& mappings,
                            const NewNotes& notes);

// Writes the appendix, then the ELF header, in one write. `file` is open for writing. Exhausted: the disk is full.
Result<void> writeVirtualAddresses(const ElfFile& file, const PhysicalMemory& memory,
                                   const std::vector<Mapping>& mappings, const NewNotes& notes);

// Copies a file with holes for its zeroes; shares its blocks where the file system can. `to` must not exist; it is
// removed on failure. BadInput: it exists, `from` cannot be read. Exhausted: the disk is full.
Result<void> copySparse(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace relapse::postmortem
