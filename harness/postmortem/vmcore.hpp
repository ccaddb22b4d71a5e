// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "failure/values.hpp"

namespace relapse::postmortem {

enum class VmcoreForm {
  PhysicalElf,     // QEMU's: physical addresses alone; drgn and gdb need addVirtualAddresses()
  VirtualElf,      // with kernel addresses: a kdump from /proc/vmcore, or one that addVirtualAddresses() has seen
  Kdump,           // makedumpfile's compressed form; libvirt's kdump-zlib, -lzo, -snappy
  FlattenedKdump,  // the same as a stream, as `makedumpfile -F` writes it; `makedumpfile -R` makes a file of it
};

struct VmcoreKind {
  VmcoreForm form = VmcoreForm::PhysicalElf;
  std::uint64_t memory = 0;    // bytes that its headers promise; 0: not known (the kdump forms)
  std::uint64_t missing = 0;   // of them beyond the file's end: it was cut off
  bool incomplete = false;     // a kdump that its writer marked as not finished
  bool hasVmcoreinfo = false;  // ELF forms: a VMCOREINFO note is there
};

// What a dump is, by its headers. BadInput: cannot be read, not a dump, of another architecture; says which.
Result<VmcoreKind> identify(const std::filesystem::path& vmcore);

// One line for a person: "ELF, physical addresses, 512 MiB; 100 MiB of it are missing: the file was cut off".
std::string describe(const VmcoreKind& kind);

// What there is to know of a dump's kernel once it has virtual addresses.
struct VmcoreFacts {
  std::string release = {};    // OSRELEASE: "6.1.192"; empty: not known
  std::uint64_t slide = 0;     // of KASLR: a running address minus that in vmlinux
  unsigned vaBits = 0;         // 0: not known
  std::uint64_t pageSize = 0;  // bytes; 0: not known
  std::size_t ranges = 0;      // of virtual addresses, one PT_LOAD each
  std::uint64_t memory = 0;    // bytes of the guest's memory that the file holds, zeroes included
  bool vmalloc = false;        // the page tables were walked: stacks and modules in the vmalloc range can be read
  bool doneBefore = false;     // the file had virtual addresses already, and was left alone
  std::vector<std::string> notes = {};  // what is missing or came from elsewhere, and why: "vmalloc not available: ..."
};

// Gives an ELF dump with physical addresses a new program header table with the kernel's own, at the file's end. No
// memory is moved, and the ELF header is written last: a process that dies before leaves a valid dump behind. Doing it
// twice does nothing. The addresses come from walking swapper_pg_dir, which is found by VMCOREINFO: the note's, or the
// kernel's own page of it in memory. Without either, by `vmlinux` (may be empty), whose symbols then also make
// the VMCOREINFO that drgn wants. Page tables that cannot be walked leave the linear map and the image, by formula.
// BadInput: not such a dump, cut off, nothing that tells where the kernel is. Exhausted: the disk is full.
Result<VmcoreFacts> addVirtualAddresses(const std::filesystem::path& vmcore, const std::filesystem::path& vmlinux = {});

// The same on a copy: `from` is only read. `to` must not exist; zeroes become holes; where the file system can share
// blocks, nothing is copied. Without success there is no `to`.
Result<VmcoreFacts> withVirtualAddresses(const std::filesystem::path& from, const std::filesystem::path& to,
                                         const std::filesystem::path& vmlinux = {});

}  // namespace relapse::postmortem
