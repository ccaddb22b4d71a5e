// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/functions.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "stacktrace/clean_text.hpp"
#include "stacktrace/inlined_calls.hpp"
#include "stacktrace/module_folder.hpp"
#include "stacktrace/object_file.hpp"
#include "stacktrace/source_lines.hpp"
#include "stacktrace/source_paths.hpp"
#include "stacktrace/symbols.hpp"

namespace relapse::stacktrace {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string, std::less<>>;

constexpr std::size_t kFewModules = 64;

// What GCC and Clang append to the name of a function that they changed, and that is still called as one.
constexpr std::array<std::string_view, 5> kCloneEndings{".isra.", ".part.", ".constprop.", ".lto_priv.", ".llvm."};

bool isClone(std::string_view symbol, std::string_view name) {
  if (symbol.size() <= name.size() || !symbol.starts_with(name)) return false;
  const std::string_view ending = symbol.substr(name.size());
  return std::any_of(kCloneEndings.begin(), kCloneEndings.end(),
                     [&](std::string_view known) { return ending.starts_with(known); });
}

void readSymbols(ObjectFile& file, const Names& names, CompiledFunctions& into) {
  file.forEachSymbol([&](const char* text, std::uint64_t, const GElf_Sym& symbol, std::size_t) {
    const std::string_view name(text);
    if (symbol.st_shndx != SHN_UNDEF) into.symbols.emplace(name.substr(0, name.find('.')));
  });
  const SymbolTable table(file);
  for (const Symbol& symbol : table.all()) {
    into.functions.emplace(symbol.name);
    const std::string_view plain = symbol.name.substr(0, symbol.name.find('.'));
    const auto wanted = names.find(plain);
    if (wanted == names.end()) continue;
    if (symbol.name == plain) ++into.found[*wanted].copies;
    if (isClone(symbol.name, plain)) into.found[*wanted].clones.push_back(cleanText(symbol.name));
  }
}

void readInlined(Dwarf* dwarf, const Names& names, SourcePaths& paths, CompiledFunctions& into) {
  for (auto& [name, calls] : inlinedCalls(dwarf, names)) {
    auto& known = into.found[name].inlined;
    for (const auto& call : calls)
      known.push_back({{cleanText(paths.shown(call.place.file)), call.place.line}, cleanText(call.into)});
  }
}

SourcePaths pathsOf(ObjectFile& vmlinux, Dwarf* dwarf, std::uint64_t bias) {
  const SymbolTable table(vmlinux);
  const auto start = table.named("start_kernel");
  return start.empty() ? SourcePaths() : SourcePaths(SourceLines(dwarf).fileOf(start.front()->address - bias));
}

bool holdsOneOf(const fs::path& path, const Names& names) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return bytes.find(name) != std::string::npos; });
}

void readModules(const fs::path& path, const Names& names, SourcePaths& paths, CompiledFunctions& into) {
  const ModuleFolder folder(path);
  const auto modules = folder.names();
  for (const auto& module : modules) {
    const auto files = folder.filesOf(module);
    if (modules.size() > kFewModules &&
        std::none_of(files.begin(), files.end(), [&](const fs::path& file) { return holdsOneOf(file, names); }))
      continue;
    auto file =
        ObjectFile::open(files.front(), [&folder](const DebugFileWanted& wanted) { return folder.debugFile(wanted); });
    if (!file) continue;
    std::uint64_t bias = 0;
    Dwarf* dwarf = (*file)->debugInformation(bias);
    readSymbols(**file, names, into);
    readInlined(dwarf, names, paths, into);
  }
}

// Headers are compiled into many units: each call once.
void tidy(std::vector<InlinedCall>& calls) {
  const auto key = [](const InlinedCall& call) { return std::tie(call.place.file, call.place.line, call.into); };
  std::sort(calls.begin(), calls.end(), [&](const auto& left, const auto& right) { return key(left) < key(right); });
  calls.erase(std::unique(calls.begin(), calls.end(),
                          [&](const auto& left, const auto& right) { return key(left) == key(right); }),
              calls.end());
}

}  // namespace

Result<CompiledFunctions> findFunctions(const KernelFiles& files, const Names& names) {
  auto vmlinux =
      ObjectFile::open(files.vmlinux, [](const DebugFileWanted& wanted) { return ModuleFolder().debugFile(wanted); });
  if (!vmlinux) return passOn(vmlinux.error());
  CompiledFunctions functions;
  std::uint64_t bias = 0;
  Dwarf* dwarf = (*vmlinux)->debugInformation(bias);
  functions.knowsInlined = dwarf != nullptr;
  readSymbols(**vmlinux, names, functions);
  if (functions.functions.empty())
    return fail(FailureKind::BadInput, fmt::format("{}: expected a symbol table, found none", files.vmlinux.string()),
                "take the file before it is stripped");
  SourcePaths paths = pathsOf(**vmlinux, dwarf, bias);
  readInlined(dwarf, names, paths, functions);
  if (!files.modules.empty()) readModules(files.modules, names, paths, functions);
  for (auto& [name, function] : functions.found) tidy(function.inlined);
  return functions;
}

}  // namespace relapse::stacktrace
