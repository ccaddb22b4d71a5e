// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure/values.hpp"

namespace relapse::stacktrace {

// Which debug information a stripped file asks for.
struct DebugFileWanted {
  std::filesystem::path beside;  // the file that asks
  std::string buildId;           // hex; empty: none
  std::string link;              // of .gnu_debuglink; empty: none
  std::uint32_t linkSum = 0;     // the CRC that it names
};

// Finds such a file; an empty path: there is none.
using FindDebugFile = std::function<std::filesystem::path(const DebugFileWanted&)>;

// One section of an object file that takes up memory.
struct Section {
  std::size_t index = 0;
  std::string name;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  bool executable = false;
};

// An aarch64 kernel or module on disk. Addresses are those of the file (vmlinux), or, for a relocatable one, those
// that libdwfl put its sections at. Not thread-safe. Asks no server for anything.
class ObjectFile {
 public:
  // BadInput: no such file, not an ELF file, damaged, of another architecture.
  static Result<std::unique_ptr<ObjectFile>> open(const std::filesystem::path& path, FindDebugFile findDebugFile);
  ObjectFile(const ObjectFile&) = delete;
  ObjectFile& operator=(const ObjectFile&) = delete;
  ~ObjectFile();

  const std::filesystem::path& path() const { return path_; }
  bool relocatable() const { return type_ == ET_REL; }  // a module
  bool movable() const { return type_ == ET_DYN; }      // a kernel that KASLR may move
  const std::string& buildId() const { return buildId_; }
  const std::vector<Section>& sections() const { return sections_; }
  const Section* sectionNamed(std::string_view name) const;

  // The text that begins at an address; empty when the file has no bytes for it.
  std::string textAt(std::uint64_t address) const;
  // The value of a key of a module's .modinfo; empty: it has none.
  std::string moduleInfo(std::string_view key) const;

  // With all symbols of a file or of its debug file. Calls back with name, address, and libelf's symbol.
  void forEachSymbol(const std::function<void(const char*, std::uint64_t, const GElf_Sym&, std::size_t section)>& each);

  // Its debug information, from a file of its own if need be. Nullptr: it has none. `bias` is what to take off an
  // address for it.
  Dwarf* debugInformation(std::uint64_t& bias);

 private:
  ObjectFile(std::filesystem::path path, FindDebugFile findDebugFile);

  static int findDebugInformation(Dwfl_Module*, void** self, const char*, Dwarf_Addr, const char*, const char* link,
                                  GElf_Word sum, char** found);
  Result<void> report();
  Result<void> readHeader();
  void readSections(Elf* elf);

  std::filesystem::path path_;
  FindDebugFile findDebugFile_;
  Dwfl_Callbacks callbacks_ = {};
  std::unique_ptr<Dwfl, decltype(&dwfl_end)> dwfl_;
  Dwfl_Module* module_ = nullptr;
  Elf* elf_ = nullptr;  // dwfl_'s
  std::uint64_t elfBias_ = 0;
  unsigned type_ = 0;
  std::string buildId_;
  std::vector<Section> sections_;
};

// The build-id of an ELF file, in hex; empty when it has none or is no such file.
std::string buildIdOf(const std::filesystem::path& path);

}  // namespace relapse::stacktrace
