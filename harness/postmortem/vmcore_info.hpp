// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "failure/values.hpp"
#include "postmortem/page_tables.hpp"
#include "postmortem/vmcore_file.hpp"

namespace relapse::postmortem {

// What a kernel says of itself in VMCOREINFO (Documentation/admin-guide/kdump/vmcoreinfo.rst). Nothing of it is
// to be trusted: the guest can have written over it.
struct Vmcoreinfo {
  std::string release = {};
  unsigned pageShift = 0;
  unsigned vaBits = 0;
  std::optional<std::uint64_t> kimageVoffset = {};  // of the image: virtual minus physical address
  std::optional<std::uint64_t> physOffset = {};     // physical address that the linear map starts with
  std::optional<std::uint64_t> swapperPgDir = {};   // virtual address
  std::optional<std::uint64_t> stext = {};          // virtual address
  std::uint64_t slide = 0;
};

// BadInput: not such a text, or a value that no arm64 kernel has.
Result<Vmcoreinfo> parseVmcoreinfo(std::string_view text);

// The lines that drgn wants, for a kernel that was built without VMCOREINFO.
std::string textOf(const Vmcoreinfo& info);

Result<Translation> translationOf(const Vmcoreinfo& info);

// What the page tables map, checked by swapper_pg_dir's own place in them.
Result<PageTableWalk> walkFor(const Vmcoreinfo& info, const PhysicalMemory& memory);

// The linear map and the image by their formulas, for page tables that cannot be walked. BadInput: the values
// contradict the memory, or one of them is missing.
Result<std::vector<Mapping>> mappingsByFormula(const Vmcoreinfo& info, const PhysicalMemory& memory);

// What vmlinux and its place in the memory tell of a kernel that gives no VMCOREINFO, and the walk that proved it.
struct LocatedKernel {
  Vmcoreinfo info;
  PageTableWalk walk;
};
// BadInput: no vmlinux, not that of the dumped kernel.
Result<LocatedKernel> locateByVmlinux(const std::filesystem::path& vmlinux, const PhysicalMemory& memory);

}  // namespace relapse::postmortem
