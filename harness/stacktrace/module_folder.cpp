// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/module_folder.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>

namespace relapse::stacktrace {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSystemFolder = "/usr/lib/debug";

std::string withUnderscores(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

bool takeEnd(std::string_view& text, std::string_view end) {
  if (!text.ends_with(end)) return false;
  text.remove_suffix(end.size());
  return true;
}

// The sum that .gnu_debuglink has: CRC-32 as in IEEE 802.3.
std::uint32_t sumOf(const fs::path& path) {
  static const auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320u : 0u);
      table[i] = value;
    }
    return table;
  }();
  std::ifstream file(path, std::ios::binary);
  std::array<char, 1 << 16> piece{};
  std::uint32_t sum = ~0u;
  while (file.read(piece.data(), piece.size()), file.gcount() > 0)
    for (std::streamsize i = 0; i < file.gcount(); ++i)
      sum = (sum >> 8) ^ kTable[(sum ^ static_cast<unsigned char>(piece[static_cast<std::size_t>(i)])) & 0xff];
  return ~sum;
}

bool isWanted(const fs::path& path, const DebugFileWanted& wanted) {
  std::error_code error;
  if (!fs::is_regular_file(path, error) || fs::equivalent(path, wanted.beside, error)) return false;
  if (!wanted.buildId.empty()) return buildIdOf(path) == wanted.buildId;
  return wanted.linkSum != 0 && sumOf(path) == wanted.linkSum;
}

}  // namespace

std::string moduleNameOf(std::string_view fileName) {
  takeEnd(fileName, ".debug");
  for (const std::string_view packing : {".xz", ".gz", ".zst", ".bz2"})
    if (takeEnd(fileName, packing)) break;
  return takeEnd(fileName, ".ko") ? withUnderscores(fileName) : std::string();
}

ModuleFolder::ModuleFolder(const fs::path& folder) : path_(folder) {
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (!entry->is_regular_file(ignored)) continue;
    const std::string name = entry->path().filename().string();
    const std::string module = moduleNameOf(name);
    if (!module.empty()) modules_.emplace(module, entry->path());
    if (!module.empty() || name.ends_with(".debug")) files_.emplace(name, entry->path());
  }
}

std::vector<std::string> ModuleFolder::names() const {
  std::vector<std::string> names;
  for (const auto& [name, path] : modules_)
    if (names.empty() || names.back() != name) names.push_back(name);
  return names;
}

std::vector<fs::path> ModuleFolder::filesOf(std::string_view module) const {
  const auto [first, past] = modules_.equal_range(withUnderscores(module));
  std::vector<fs::path> files;
  for (auto at = first; at != past; ++at) files.push_back(at->second);
  std::sort(files.begin(), files.end());
  std::stable_partition(files.begin(), files.end(), [](const fs::path& file) { return file.extension() == ".debug"; });
  return files;
}

fs::path ModuleFolder::debugFile(const DebugFileWanted& wanted) const {
  std::vector<fs::path> candidates;
  const auto addNamed = [&](const std::string& name) {
    const auto [first, past] = files_.equal_range(name);
    for (auto at = first; at != past; ++at) candidates.push_back(at->second);
  };
  const fs::path folder = wanted.beside.parent_path();
  if (wanted.buildId.size() > 2) {
    const std::string rest = wanted.buildId.substr(2) + ".debug";
    const fs::path underId = fs::path(".build-id") / wanted.buildId.substr(0, 2) / rest;
    addNamed(rest);
    candidates.push_back(folder / underId);
    candidates.push_back(fs::path(kSystemFolder) / underId);
  }
  if (!wanted.link.empty()) {
    const std::string name = fs::path(wanted.link).filename().string();
    candidates.push_back(folder / name);
    candidates.push_back(folder / ".debug" / name);
    addNamed(name);
  }
  const auto found = std::find_if(candidates.begin(), candidates.end(),
                                  [&](const fs::path& candidate) { return isWanted(candidate, wanted); });
  return found == candidates.end() ? fs::path() : *found;
}

}  // namespace relapse::stacktrace
