// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <elf.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"
#include "postmortem/page_tables.hpp"
#include "process/descriptor.hpp"

namespace relapse::postmortem {

// A PT_LOAD, as far as the file holds it.
struct Segment {
  std::uint64_t virtualAddress = 0;
  std::uint64_t physicalAddress = 0;
  std::uint64_t offset = 0;  // in the file
  std::uint64_t size = 0;    // in the file
};

struct Note {
  std::string owner;
  std::uint32_t type = 0;
  std::string content;
};

// An ELF file of arm64, read by pread: core dumps and vmlinux. Not thread-safe.
class ElfFile {
 public:
  // BadInput: cannot be opened, not ELF, not 64-bit little-endian arm64, headers that reach beyond the file.
  static Result<ElfFile> open(const std::filesystem::path& path, bool writable = false);

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  const Elf64_Ehdr& header() const { return header_; }
  const std::vector<Segment>& segments() const { return segments_; }  // in the file's order
  Result<std::vector<Note>> notes() const;                            // of all PT_NOTEs

  // Bytes at an offset; false: not all of them are in the file.
  bool readAt(std::uint64_t offset, void* bytes, std::size_t size) const;
  bool writeAt(std::uint64_t offset, const void* bytes, std::size_t size) const;  // errno says why not

  // The first of `from`, `from` + `step`, ... below `to` where the file holds `text`. Holes are passed by.
  std::optional<std::uint64_t> find(std::string_view text, std::uint64_t from, std::uint64_t to,
                                    std::uint64_t step) const;

 private:
  Result<void> readHeaders();
  Result<std::vector<Elf64_Phdr>> programHeaders() const;

  std::filesystem::path path_;
  process::Descriptor file_;
  std::uint64_t size_ = 0;
  Elf64_Ehdr header_{};
  std::vector<Segment> segments_;
  std::vector<Elf64_Phdr> noteHeaders_;
};

// The notes of a PT_NOTE as bytes.
std::string bytesOf(const std::vector<Note>& notes);

// Reads a dump's memory by physical address.
class PhysicalMemory {
 public:
  explicit PhysicalMemory(const ElfFile& file);  // which must outlive it

  const std::vector<MemoryRange>& ranges() const { return ranges_; }  // sorted, not overlapping
  std::uint64_t bytes() const;
  bool read(std::uint64_t physicalAddress, void* bytes, std::size_t size) const;  // false: not in one range
  std::optional<std::uint64_t> offsetOf(std::uint64_t physicalAddress) const;     // in the file

  // The first physical address from `from` on that holds `text` and is `remainder` modulo `step`.
  std::optional<std::uint64_t> find(std::string_view text, std::uint64_t step, std::uint64_t remainder,
                                    std::uint64_t from = 0) const;

 private:
  const ElfFile& file_;
  std::vector<Segment> segments_;
  std::vector<MemoryRange> ranges_;  // one per segment
};

}  // namespace relapse::postmortem
