// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace relapse::stacktrace {

// A folder of a test's own, with a few functions that are compiled as a kernel is: vmlinux with DWARF, at
// 0xffff800008000000, of release 6.1.192, with a build-id, from the sources in tree/.
class SmallKernel {
 public:
  SmallKernel();
  ~SmallKernel();
  SmallKernel(const SmallKernel&) = delete;
  SmallKernel& operator=(const SmallKernel&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path vmlinux() const { return folder_ / "vmlinux"; }
  std::filesystem::path tree() const { return folder_ / "tree"; }
  std::filesystem::path modules() const { return folder_ / "modules"; }

  // tree/fs/nfs/module.c, with nfs_spin(), as FILE below modules/ with `vermagic`.
  std::filesystem::path module(const std::string& file, const std::string& vermagic = "6.1.192 SMP");

  // A shell command in the folder; throws unless it succeeds. Its output.
  std::string shell(const std::string& command) const;

  // "symbol+0xOFFSET/0xSIZE", the size by the place of the next symbol. `which`: of several of that name.
  std::string frame(const std::string& symbol, std::uint64_t offset, std::size_t which = 0) const;
  std::uint64_t size(const std::string& symbol, std::size_t which = 0) const;
  std::uint64_t address(const std::string& symbol) const;
  unsigned line(const std::string& file, const std::string& text) const;  // of the tree that has the text

 private:
  struct Entry {
    std::uint64_t address = 0;
    std::string name;
  };
  std::filesystem::path folder_;
  std::vector<Entry> symbols_;  // by address
};

}  // namespace relapse::stacktrace
