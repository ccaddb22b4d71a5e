// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "failure/values.hpp"
#include "stacktrace/module_folder.hpp"
#include "stacktrace/object_file.hpp"
#include "stacktrace/source_lines.hpp"
#include "stacktrace/source_paths.hpp"
#include "stacktrace/symbols.hpp"
#include "stacktrace/values.hpp"

namespace relapse::stacktrace {

// vmlinux or one module: its symbols, and its functions and lines. Remembers what it found. Not thread-safe.
class DecodedFile {
 public:
  // BadInput: as ObjectFile::open(), a file that is a module, or one without symbols or debug information.
  static Result<std::unique_ptr<DecodedFile>> openKernel(const std::filesystem::path& vmlinux);
  // BadInput: likewise. `kernel`: where the tree lies.
  static Result<std::unique_ptr<DecodedFile>> openModule(const std::filesystem::path& path, const std::string& name,
                                                         const ModuleFolder& folder, const SourcePaths& kernel);

  ObjectFile& file() { return *file_; }
  const SymbolTable& symbols() const { return symbols_; }
  const SourcePaths& paths() const { return paths_; }
  const std::string& shownName() const { return shownName_; }  // "vmlinux", "module nfs"

  bool holds(std::uint64_t address) const;  // in one of its sections
  std::optional<std::uint64_t> addressOf(const std::string& symbol);

  // The calls at an address inside of a symbol; empty: no line information. Valid for this file alone.
  std::vector<Call> callsAt(const Symbol& symbol, std::uint64_t address);

 private:
  DecodedFile(std::unique_ptr<ObjectFile> file, Dwarf* dwarf, std::uint64_t bias, std::string name);
  static Result<std::unique_ptr<DecodedFile>> open(const std::filesystem::path& path, std::string module,
                                                   FindDebugFile findDebugFile);

  std::unique_ptr<ObjectFile> file_;
  std::uint64_t bias_;
  std::string module_;
  std::string shownName_;
  SymbolTable symbols_;
  SourceLines lines_;
  SourcePaths paths_;
  std::unordered_map<std::uint64_t, std::vector<Call>> known_;  // by address
  std::unordered_map<std::string, std::uint64_t> addresses_;    // of all symbols, once asked for
};

}  // namespace relapse::stacktrace
