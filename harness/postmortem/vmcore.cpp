// SPDX-License-Identifier: GPL-2.0-or-later
#include "postmortem/vmcore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "postmortem/vmcore_file.hpp"
#include "postmortem/vmcore_info.hpp"
#include "postmortem/vmcore_write.hpp"

namespace relapse::postmortem {
namespace {

constexpr std::string_view kOwnNote = "RELAPSE";
constexpr int kMostPages = 8;  // that look like the kernel's own VMCOREINFO

bool isVirtual(const ElfFile& file) {
  return std::any_of(file.segments().begin(), file.segments().end(),
                     [](const Segment& segment) { return segment.virtualAddress >> 63; });
}

std::uint64_t missingOf(const ElfFile& file) {
  std::uint64_t missing = 0;
  for (const Segment& segment : file.segments()) {
    const std::uint64_t end = segment.offset + segment.size;
    if (end > file.size()) missing += std::min(segment.size, end - file.size());
  }
  return missing;
}

const Note* noteOf(const std::vector<Note>& notes, std::string_view owner) {
  const auto found = std::find_if(notes.begin(), notes.end(), [&](const Note& note) { return note.owner == owner; });
  return found == notes.end() ? nullptr : &*found;
}

// makedumpfile's disk_dump_header: a signature, a version, a struct new_utsname; then, aligned, a time and the status.
Result<VmcoreKind> identifyKdump(const std::filesystem::path& path, std::string_view head) {
  constexpr std::size_t kMachine = 12 + 4 * 65, kStatus = 424;
  constexpr char kIncomplete = 8;
  if (head.size() <= kStatus)
    return fail(FailureKind::BadInput, path.string() + ": a kdump that was cut off in its header");
  const std::string machine = head.substr(kMachine, 65).data();
  if (!machine.empty() && machine.rfind("aarch6", 0) != 0)  // QEMU copies six characters of it
    return fail(FailureKind::BadInput, fmt::format("{}: a kdump of {}, expected aarch64", path.string(), machine));
  VmcoreKind kind{VmcoreForm::Kdump};
  kind.incomplete = (head[kStatus] & kIncomplete) != 0;
  return kind;
}

Result<VmcoreKind> identifyElf(const std::filesystem::path& path) {
  const auto file = ElfFile::open(path);
  if (!file) return passOn(file.error());
  if (file->header().e_type != ET_CORE)
    return fail(FailureKind::BadInput, fmt::format("{}: an ELF file, but not a memory dump (e_type {}, expected {})",
                                                   path.string(), file->header().e_type, ET_CORE));
  if (file->segments().empty()) return fail(FailureKind::BadInput, path.string() + ": a dump without any memory");
  VmcoreKind kind{isVirtual(*file) ? VmcoreForm::VirtualElf : VmcoreForm::PhysicalElf};
  kind.memory = PhysicalMemory(*file).bytes();
  kind.missing = missingOf(*file);
  if (kind.memory > 0) kind.missing = std::min(kind.missing, kind.memory);  // segments may promise the same twice
  const auto notes = file->notes();
  if (!notes) return passOn(notes.error());
  kind.hasVmcoreinfo = noteOf(*notes, "VMCOREINFO") != nullptr;
  return kind;
}

std::string mebibytes(std::uint64_t bytes) {
  if (bytes >= 10u << 20 && bytes % (1u << 20) == 0) return fmt::format("{} MiB", bytes >> 20);
  return bytes < 1u << 20 ? fmt::format("{} bytes", bytes)
                          : fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

// What the kernel is, and what its addresses are.
struct Found {
  Vmcoreinfo info;
  std::vector<Mapping> mappings;
  std::string vmcoreinfo = {};  // that the notes lack; empty: they have it
  bool vmalloc = false;
  std::vector<std::string> notes = {};
};

void noteLosses(const PageTableWalk& walk, std::vector<std::string>& notes) {
  if (walk.repeated)
    notes.push_back(fmt::format("{} page table entries lead to tables that others lead to; left out", walk.repeated));
  if (walk.unreadable)
    notes.push_back(fmt::format("{} page tables are not in the dump; what they map is left out", walk.unreadable));
}

std::optional<Found> foundByWalk(const Vmcoreinfo& info, const PhysicalMemory& memory, std::string& problem) {
  auto walk = walkFor(info, memory);
  if (!walk) {
    problem = walk.error().message;
    return std::nullopt;
  }
  Found found{info, std::move(walk->mappings)};
  found.vmalloc = true;
  noteLosses(*walk, found.notes);
  return found;
}

// The kernel keeps VMCOREINFO's text at the start of a page; the note is there only if it told QEMU.
std::optional<Found> foundInMemory(const PhysicalMemory& memory) {
  constexpr std::uint64_t kPage = 4096;
  std::string problem;
  auto page = memory.find("OSRELEASE=", kPage, 0);
  for (int tries = 0; page && tries < kMostPages; ++tries, page = memory.find("OSRELEASE=", kPage, 0, *page + 1)) {
    std::string text(kPage, '\0');
    if (!memory.read(*page, text.data(), text.size())) continue;
    const auto info = parseVmcoreinfo(text);
    if (!info) continue;
    auto found = foundByWalk(*info, memory, problem);
    if (!found) continue;
    found->vmcoreinfo = text.substr(0, text.find('\0'));
    found->notes.push_back("VMCOREINFO came from the kernel's own page of it");
    return found;
  }
  return std::nullopt;
}

std::optional<Found> foundByVmlinux(const std::filesystem::path& vmlinux, const PhysicalMemory& memory,
                                    std::string& problem) {
  if (vmlinux.empty()) return std::nullopt;
  auto located = locateByVmlinux(vmlinux, memory);
  if (!located) {
    problem += (problem.empty() ? "" : "; ") + located.error().message;
    return std::nullopt;
  }
  Found found{located->info, std::move(located->walk.mappings), textOf(located->info), true};
  found.notes.push_back("VMCOREINFO was made from vmlinux and the page tables");
  noteLosses(located->walk, found.notes);
  return found;
}

Result<Found> findKernel(const ElfFile& file, const PhysicalMemory& memory, const std::filesystem::path& vmlinux) {
  auto notes = file.notes();
  if (!notes) return passOn(notes.error());
  const Note* note = noteOf(*notes, "VMCOREINFO");
  std::string problem = note ? "" : "the dump has no VMCOREINFO note";
  const Result<Vmcoreinfo> info = note ? parseVmcoreinfo(note->content) : fail(FailureKind::BadInput, problem);
  if (!info)
    problem = info.error().message;
  else if (auto found = foundByWalk(*info, memory, problem))
    return std::move(*found);
  auto found = foundInMemory(memory);
  if (!found) found = foundByVmlinux(vmlinux, memory, problem);
  if (found) {
    found->notes.push_back(problem);
    return std::move(*found);
  }
  auto formula = info ? mappingsByFormula(*info, memory) : tl::unexpected(info.error());
  if (!formula)
    return fail(
        FailureKind::BadInput, fmt::format("{}: cannot tell where the kernel is: {}", file.path().string(), problem),
        vmlinux.empty() ? "give its vmlinux, or build the guest's kernel with FW_CFG_SYSFS and PROC_KCORE" : "");
  Found rest{*info, std::move(*formula)};
  rest.notes.push_back("vmalloc not available: " + problem);
  return rest;
}

// The facts as a note of our own, so that they are known when the file comes again.
std::string factsText(const VmcoreFacts& facts) {
  std::string text = fmt::format("vmalloc={}\n", facts.vmalloc ? 1 : 0);
  for (const std::string& note : facts.notes) text += "note=" + note + "\n";
  return text;
}

VmcoreFacts factsOf(const Vmcoreinfo& info, std::size_t ranges, std::uint64_t memory) {
  VmcoreFacts facts;
  facts.release = info.release;
  facts.slide = info.slide;
  facts.vaBits = info.vaBits;
  facts.pageSize = info.pageShift ? std::uint64_t{1} << info.pageShift : 0;
  facts.ranges = ranges;
  facts.memory = memory;
  return facts;
}

// The facts of a dump that has virtual addresses already.
Result<VmcoreFacts> factsBefore(const ElfFile& file) {
  auto notes = file.notes();
  if (!notes) return passOn(notes.error());
  Vmcoreinfo info;
  std::string problem = "the dump has no VMCOREINFO note";
  if (const Note* note = noteOf(*notes, "VMCOREINFO")) {
    const auto parsed = parseVmcoreinfo(note->content);
    problem = parsed ? "" : parsed.error().message;
    if (parsed) info = *parsed;
  }
  VmcoreFacts facts = factsOf(info, file.segments().size(), PhysicalMemory(file).bytes());
  facts.doneBefore = true;
  if (!problem.empty()) facts.notes.push_back(problem);
  const Note* own = noteOf(*notes, kOwnNote);
  std::string_view text = own ? std::string_view(own->content) : "";
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), text.find('\n')) + (text.find('\n') < text.size()))) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line == "vmalloc=1") facts.vmalloc = true;
    if (line.substr(0, 5) == "note=") facts.notes.emplace_back(line.substr(5));
  }
  return facts;
}

}  // namespace

Result<VmcoreKind> identify(const std::filesystem::path& vmcore) {
  std::error_code problem;
  if (!std::filesystem::is_regular_file(vmcore, problem))
    return fail(FailureKind::BadInput,
                fmt::format("{}: {}", vmcore.string(), problem ? problem.message() : "not a file"));
  std::ifstream file(vmcore, std::ios::binary);
  if (!file)
    return fail(FailureKind::BadInput, fmt::format("{}: cannot be read: {}", vmcore.string(), std::strerror(errno)));
  std::string head(512, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  if (head.rfind("KDUMP   ", 0) == 0) return identifyKdump(vmcore, head);
  if (head.rfind(std::string_view("makedumpfile\0", 13), 0) == 0) return VmcoreKind{VmcoreForm::FlattenedKdump};
  if (head.rfind(ELFMAG, 0) == 0) return identifyElf(vmcore);
  return fail(FailureKind::BadInput,
              fmt::format("{}: not a memory dump, expected ELF or makedumpfile's compressed form", vmcore.string()));
}

std::string describe(const VmcoreKind& kind) {
  std::string text;
  switch (kind.form) {
    case VmcoreForm::PhysicalElf:
      text = "ELF, physical addresses";
      break;
    case VmcoreForm::VirtualElf:
      text = "ELF, virtual addresses";
      break;
    case VmcoreForm::Kdump:
      text = "makedumpfile's compressed form";
      break;
    case VmcoreForm::FlattenedKdump:
      text = "makedumpfile's flattened form";
      break;
  }
  if (kind.memory) text += ", " + mebibytes(kind.memory);
  if (kind.missing) text += fmt::format("; {} of it are missing: the file was cut off", mebibytes(kind.missing));
  if (kind.incomplete) text += "; its writer did not finish it";
  return text;
}

Result<VmcoreFacts> addVirtualAddresses(const std::filesystem::path& vmcore, const std::filesystem::path& vmlinux) {
  const auto kind = identify(vmcore);
  if (!kind) return passOn(kind.error());
  if (kind->form != VmcoreForm::PhysicalElf && kind->form != VmcoreForm::VirtualElf)
    return fail(FailureKind::BadInput, fmt::format("{}: {}, expected ELF", vmcore.string(), describe(*kind)));
  if (kind->missing) return fail(FailureKind::BadInput, fmt::format("{}: {}", vmcore.string(), describe(*kind)));
  const bool before = kind->form == VmcoreForm::VirtualElf;
  const auto file = ElfFile::open(vmcore, !before);
  if (!file) return passOn(file.error());
  if (before) return factsBefore(*file);
  const PhysicalMemory memory(*file);
  auto found = findKernel(*file, memory, vmlinux);
  if (!found) return passOn(found.error());
  VmcoreFacts facts = factsOf(found->info, found->mappings.size(), memory.bytes());
  facts.vmalloc = found->vmalloc;
  facts.notes = std::move(found->notes);
  NewNotes notes{found->vmcoreinfo, {{std::string(kOwnNote), 1, factsText(facts)}}};
  if (auto written = writeVirtualAddresses(*file, memory, found->mappings, notes); !written)
    return passOn(written.error());
  return facts;
}

}  // namespace relapse::postmortem
