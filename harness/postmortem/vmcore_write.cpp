// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/vmcore_write.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace relapse::postmortem {
namespace {

template <class T>
void append(std::string& bytes, const T& value) {
  bytes.resize(bytes.size() + sizeof value);
  std::memcpy(bytes.data() + bytes.size() - sizeof value, &value, sizeof value);
}

Elf64_Phdr noteHeader(std::uint64_t offset, std::uint64_t size) {
  Elf64_Phdr header{};
  header.p_type = PT_NOTE;
  header.p_offset = offset;
  header.p_filesz = header.p_memsz = size;
  header.p_align = 4;
  return header;
}

Elf64_Phdr loadHeader(const Mapping& mapping, std::uint64_t offset) {
  Elf64_Phdr header{};
  header.p_type = PT_LOAD;
  header.p_flags = PF_R | PF_W | PF_X;
  header.p_offset = offset;
  header.p_vaddr = mapping.virtualAddress;
  header.p_paddr = mapping.physicalAddress;
  header.p_filesz = header.p_memsz = mapping.size;
  return header;
}

Result<std::string> notesFor(const ElfFile& file, const NewNotes& added) {
  auto notes = file.notes();
  if (!notes) return passOn(notes.error());
  if (!added.vmcoreinfo.empty()) {
    std::erase_if(*notes, [](const Note& note) { return note.owner == "VMCOREINFO"; });
    notes->push_back({"VMCOREINFO", 0, added.vmcoreinfo});
  }
  notes->insert(notes->end(), added.more.begin(), added.more.end());
  return bytesOf(*notes);
}

}  // namespace

Result<Appendix> appendixOf(const ElfFile& file, const PhysicalMemory& memory, const std::vector<Mapping>& mappings,
                            const NewNotes& added) {
  const auto notes = notesFor(file, added);
  if (!notes) return passOn(notes.error());
  Appendix appendix{(file.size() + 7) / 8 * 8, *notes, file.header()};
  std::string& bytes = appendix.bytes;
  bytes.resize((bytes.size() + 7) / 8 * 8, '\0');
  const std::uint64_t count = mappings.size() + 1;
  Elf64_Ehdr& header = appendix.header;
  header.e_shoff = header.e_shnum = header.e_shstrndx = 0;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_phnum = static_cast<Elf64_Half>(std::min<std::uint64_t>(count, PN_XNUM));
  if (count >= PN_XNUM) {  // then the first section header holds the count
    Elf64_Shdr first{};
    first.sh_info = static_cast<Elf64_Word>(count);
    header.e_shoff = appendix.offset + bytes.size();
    header.e_shnum = 1;
    append(bytes, first);
  }
  header.e_phoff = appendix.offset + bytes.size();
  append(bytes, noteHeader(appendix.offset, notes->size()));
  for (const Mapping& mapping : mappings) {
    const auto offset = memory.offsetOf(mapping.physicalAddress);
    if (!offset) return fail(FailureKind::Internal, fmt::format("no memory at {:#x}", mapping.physicalAddress));
    append(bytes, loadHeader(mapping, *offset));
  }
  return appendix;
}

Result<void> writeVirtualAddresses(const ElfFile& file, const PhysicalMemory& memory,
                                   const std::vector<Mapping>& mappings, const NewNotes& notes) {
  const auto appendix = appendixOf(file, memory, mappings, notes);
  if (!appendix) return passOn(appendix.error());
  if (file.writeAt(appendix->offset, appendix->bytes.data(), appendix->bytes.size()) &&
      file.writeAt(0, &appendix->header, sizeof appendix->header))
    return {};
  return fail(FailureKind::Exhausted, fmt::format("{}: its virtual addresses cannot be written: {}",
                                                  file.path().string(), std::strerror(errno)));
}

}  // namespace relapse::postmortem
