// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/decoded_file.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "stacktrace/clean_text.hpp"

namespace relapse::stacktrace {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHowToGetDebug =
    "build with CONFIG_DEBUG_INFO (one of its DWARF options), or take the vmlinux of the distribution's debug package";

}  // namespace

DecodedFile::DecodedFile(std::unique_ptr<ObjectFile> file, Dwarf* dwarf, std::uint64_t bias, std::string name)
    : file_(std::move(file)),
      bias_(bias),
      module_(std::move(name)),
      shownName_(module_.empty() ? "vmlinux" : "module " + module_),
      symbols_(*file_),
      lines_(dwarf) {}

Result<std::unique_ptr<DecodedFile>> DecodedFile::open(const fs::path& path, std::string module,
                                                       FindDebugFile findDebugFile) {
  auto file = ObjectFile::open(path, std::move(findDebugFile));
  if (!file) return passOn(file.error());
  if ((*file)->relocatable() == module.empty())
    return fail(FailureKind::BadInput,
                fmt::format("{}: expected a {}, found a {}", path.string(), module.empty() ? "vmlinux" : "module",
                            module.empty() ? "module" : "linked program"));
  std::uint64_t bias = 0;
  Dwarf* dwarf = (*file)->debugInformation(bias);
  std::unique_ptr<DecodedFile> opened(new DecodedFile(std::move(*file), dwarf, bias, std::move(module)));
  if (opened->lines_.empty())
    return fail(FailureKind::BadInput, fmt::format("{}: expected debug information (DWARF), found none", path.string()),
                kHowToGetDebug);
  if (opened->symbols_.empty())
    return fail(FailureKind::BadInput, fmt::format("{}: expected a symbol table, found none", path.string()),
                "take the file before it is stripped");
  return opened;
}

Result<std::unique_ptr<DecodedFile>> DecodedFile::openKernel(const fs::path& vmlinux) {
  auto opened = open(vmlinux, "", [](const DebugFileWanted& wanted) { return ModuleFolder().debugFile(wanted); });
  if (!opened) return opened;
  DecodedFile& file = **opened;
  const auto start = file.symbols_.named("start_kernel");
  if (!start.empty()) file.paths_ = SourcePaths(file.lines_.fileOf(start.front()->address - file.bias_));
  return opened;
}

Result<std::unique_ptr<DecodedFile>> DecodedFile::openModule(const fs::path& path, const std::string& name,
                                                             const ModuleFolder& folder, const SourcePaths& kernel) {
  auto opened = open(path, name, [&folder](const DebugFileWanted& wanted) { return folder.debugFile(wanted); });
  if (opened) (*opened)->paths_ = kernel;
  return opened;
}

bool DecodedFile::holds(std::uint64_t address) const {
  for (const auto& section : file_->sections())
    if (address >= section.address && address - section.address < section.size) return true;
  return false;
}

std::optional<std::uint64_t> DecodedFile::addressOf(const std::string& symbol) {
  if (addresses_.empty())
    file_->forEachSymbol([&](const char* name, std::uint64_t address, const GElf_Sym& entry, std::size_t) {
      if (entry.st_shndx != SHN_UNDEF) addresses_.emplace(name, address);
    });
  const auto found = addresses_.find(symbol);
  return found == addresses_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Call> DecodedFile::callsAt(const Symbol& symbol, std::uint64_t address) {
  const auto [at, fresh] = known_.try_emplace(address);
  if (!fresh) return at->second;
  auto calls = lines_.at(address - bias_);
  for (auto& call : calls) {
    call.place.file = cleanText(paths_.shown(call.place.file));
    call.module = module_;
    call.function = cleanText(call.function.empty() ? symbol.name : std::string_view(call.function));
  }
  return at->second = std::move(calls);
}

}  // namespace relapse::stacktrace
