// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/vmcore_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace relapse::postmortem {
namespace {

constexpr std::uint64_t kMostNoteBytes = 64u << 20;  // 96 vCPUs have 100 kB

std::uint64_t roundUp(std::uint64_t value, std::uint64_t to) {
  return (value + to - 1) / to * to;
}

std::optional<Note> noteAt(std::string_view bytes, std::size_t& at) {
  Elf64_Nhdr header;
  if (bytes.size() - at < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data() + at, sizeof header);
  const std::uint64_t content = at + sizeof header + roundUp(header.n_namesz, 4);
  const std::uint64_t end = content + roundUp(header.n_descsz, 4);
  if (content > bytes.size() || content + header.n_descsz > bytes.size()) return std::nullopt;
  std::string_view owner = bytes.substr(at + sizeof header, header.n_namesz);
  owner = owner.substr(0, owner.find('\0'));
  at = std::min<std::uint64_t>(end, bytes.size());
  return Note{std::string(owner), header.n_type, std::string(bytes.substr(content, header.n_descsz))};
}

}  // namespace

Result<ElfFile> ElfFile::open(const std::filesystem::path& path, bool writable) {
  ElfFile file;
  file.path_ = path;
  file.file_ = process::Descriptor(::open(path.c_str(), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC));
  struct stat status {};
  if (!file.file_.isOpen() || fstat(file.file_.get(), &status) != 0)
    return fail(FailureKind::BadInput, fmt::format("{}: cannot be opened: {}", path.string(), std::strerror(errno)));
  if (!S_ISREG(status.st_mode)) return fail(FailureKind::BadInput, fmt::format("{}: not a file", path.string()));
  file.size_ = static_cast<std::uint64_t>(status.st_size);
  if (auto read = file.readHeaders(); !read) return passOn(read.error());
  return file;
}

Result<void> ElfFile::readHeaders() {
  const auto bad = [&](const std::string& what) { return fail(FailureKind::BadInput, path_.string() + ": " + what); };
  if (!readAt(0, &header_, sizeof header_) || std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0)
    return bad("not an ELF file");
  if (header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != ELFDATA2LSB ||
      header_.e_machine != EM_AARCH64)
    return bad(fmt::format("an ELF file of another architecture (e_machine {}), expected little-endian arm64",
                           header_.e_machine));
  auto headers = programHeaders();
  if (!headers) return passOn(headers.error());
  for (const Elf64_Phdr& header : *headers) {
    if (header.p_type == PT_NOTE) noteHeaders_.push_back(header);
    if (header.p_type == PT_LOAD && header.p_filesz > 0)
      segments_.push_back({header.p_vaddr, header.p_paddr, header.p_offset, header.p_filesz});
  }
  return {};
}

Result<std::vector<Elf64_Phdr>> ElfFile::programHeaders() const {
  const auto bad = [&](const std::string& what) { return fail(FailureKind::BadInput, path_.string() + ": " + what); };
  std::uint64_t count = header_.e_phnum;
  if (count == PN_XNUM) {
    Elf64_Shdr first;
    if (!readAt(header_.e_shoff, &first, sizeof first)) return bad("cut off: its section header is missing");
    count = first.sh_info;
  }
  if (count == 0) return std::vector<Elf64_Phdr>{};
  if (header_.e_phentsize != sizeof(Elf64_Phdr))
    return bad(fmt::format("program headers of {} bytes, expected {}", header_.e_phentsize, sizeof(Elf64_Phdr)));
  if (count > size_ / sizeof(Elf64_Phdr)) return bad("cut off: its program headers are missing");
  std::vector<Elf64_Phdr> headers(count);
  if (!readAt(header_.e_phoff, headers.data(), headers.size() * sizeof(Elf64_Phdr)))
    return bad("cut off: its program headers are missing");
  for (const Elf64_Phdr& header : headers)
    if (header.p_offset + header.p_filesz < header.p_offset || header.p_paddr + header.p_filesz < header.p_paddr)
      return bad(fmt::format("a program header whose {:#x} bytes do not fit into 64 bits", header.p_filesz));
  return headers;
}

Result<std::vector<Note>> ElfFile::notes() const {
  std::vector<Note> notes;
  for (const Elf64_Phdr& header : noteHeaders_) {
    if (header.p_filesz > kMostNoteBytes)
      return fail(FailureKind::BadInput, fmt::format("{}: notes of {} bytes", path_.string(), header.p_filesz));
    std::string bytes(header.p_filesz, '\0');
    if (!readAt(header.p_offset, bytes.data(), bytes.size()))
      return fail(FailureKind::BadInput, path_.string() + ": cut off: its notes are missing");
    std::size_t at = 0;
    while (auto note = noteAt(bytes, at)) notes.push_back(std::move(*note));
  }
  return notes;
}

bool ElfFile::readAt(std::uint64_t offset, void* bytes, std::size_t size) const {
  if (offset > size_ || size > size_ - offset) return false;
  auto* to = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t got = pread(file_.get(), to, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool ElfFile::writeAt(std::uint64_t offset, const void* bytes, std::size_t size) const {
  const auto* from = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t put = pwrite(file_.get(), from, size, static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    from += put;
    offset += static_cast<std::uint64_t>(put);
    size -= static_cast<std::size_t>(put);
  }
  return true;
}

std::optional<std::uint64_t> ElfFile::find(std::string_view text, std::uint64_t from, std::uint64_t to,
                                           std::uint64_t step) const {
  std::string found(text.size(), '\0');
  std::uint64_t dataEnd = 0;
  for (std::uint64_t at = from; at < to && to - at >= text.size(); at += step) {
    if (at >= dataEnd) {
      const off_t data = lseek(file_.get(), static_cast<off_t>(at), SEEK_DATA);
      if (data < 0) return std::nullopt;  // a hole up to the end
      const off_t end = lseek(file_.get(), data, SEEK_HOLE);
      dataEnd = end < 0 ? size_ : static_cast<std::uint64_t>(end);
      at += roundUp(static_cast<std::uint64_t>(data) - at, step);
      if (at >= to || to - at < text.size()) break;
    }
    if (readAt(at, found.data(), found.size()) && found == text) return at;
  }
  return std::nullopt;
}

std::string bytesOf(const std::vector<Note>& notes) {
  std::string bytes;
  const auto pad = [&] { bytes.resize(roundUp(bytes.size(), 4), '\0'); };
  for (const Note& note : notes) {
    const Elf64_Nhdr header{static_cast<Elf64_Word>(note.owner.size() + 1),
                            static_cast<Elf64_Word>(note.content.size()), note.type};
    char raw[sizeof header];
    std::memcpy(raw, &header, sizeof header);
    bytes.append(raw, sizeof raw).append(note.owner).push_back('\0');
    pad();
    bytes += note.content;
    pad();
  }
  return bytes;
}

PhysicalMemory::PhysicalMemory(const ElfFile& file) : file_(file), segments_(file.segments()) {
  std::sort(segments_.begin(), segments_.end(),
            [](const Segment& a, const Segment& b) { return a.physicalAddress < b.physicalAddress; });
  std::vector<Segment> apart;
  for (Segment segment : segments_) {  // where two hold the same memory, the first counts
    const std::uint64_t end = apart.empty() ? 0 : apart.back().physicalAddress + apart.back().size;
    const std::uint64_t twice = end > segment.physicalAddress ? end - segment.physicalAddress : 0;
    if (twice >= segment.size) continue;
    apart.push_back({segment.virtualAddress + twice, segment.physicalAddress + twice, segment.offset + twice,
                     segment.size - twice});
  }
  segments_ = std::move(apart);
  for (const Segment& segment : segments_) ranges_.push_back({segment.physicalAddress, segment.size});
}

std::uint64_t PhysicalMemory::bytes() const {
  std::uint64_t sum = 0;
  for (const MemoryRange& range : ranges_) sum += range.size;
  return sum;
}

bool PhysicalMemory::read(std::uint64_t physicalAddress, void* bytes, std::size_t size) const {
  const auto offset = offsetOf(physicalAddress);
  const auto last = offsetOf(physicalAddress + size - 1);
  return offset && last && *last == *offset + size - 1 && file_.readAt(*offset, bytes, size);
}

std::optional<std::uint64_t> PhysicalMemory::offsetOf(std::uint64_t physicalAddress) const {
  auto after = std::upper_bound(segments_.begin(), segments_.end(), physicalAddress,
                                [](std::uint64_t address, const Segment& s) { return address < s.physicalAddress; });
  if (after == segments_.begin()) return std::nullopt;
  const Segment& segment = *--after;
  const std::uint64_t inside = physicalAddress - segment.physicalAddress;
  return inside < segment.size ? std::optional(segment.offset + inside) : std::nullopt;
}

std::optional<std::uint64_t> PhysicalMemory::find(std::string_view text, std::uint64_t step, std::uint64_t remainder,
                                                  std::uint64_t from) const {
  for (const Segment& segment : segments_) {
    const std::uint64_t end = segment.physicalAddress + segment.size;
    if (end <= from) continue;
    std::uint64_t start = std::max(from, segment.physicalAddress);
    start += (remainder + step - start % step) % step;
    if (start >= end) continue;
    const std::uint64_t shift = segment.offset - segment.physicalAddress;  // modulo 2^64
    if (auto found = file_.find(text, start + shift, end + shift, step)) return *found - shift;
  }
  return std::nullopt;
}

}  // namespace relapse::postmortem
