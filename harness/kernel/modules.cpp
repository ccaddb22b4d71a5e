// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/modules.hpp"

#include <algorithm>
#include <sstream>

#include "kernel/disk.hpp"
#include "kernel/hash.hpp"

namespace relapse::kernel {

namespace fs = std::filesystem;

bool hasModules(std::string_view dotConfig) {
  std::istringstream lines{std::string(dotConfig)};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("CONFIG_") && line.ends_with("=m")) return true;
  return false;
}

std::vector<fs::path> builtModules(const fs::path& output) {
  std::vector<fs::path> modules;
  std::istringstream lines(readFileIfThere(output / "modules.order"));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) continue;
    // "kernel/fs/nfs/nfs.ko" until 5.2, "fs/nfs/nfs.ko", and "fs/nfs/nfs.o" since 6.3.
    if (line.starts_with("kernel/") && !isThere(output / line)) line.erase(0, 7);
    modules.push_back((output / line).replace_extension(".ko"));
  }
  std::ranges::sort(modules, {}, [](const fs::path& module) { return module.filename(); });
  return modules;
}

std::vector<fs::path> modulesIn(const fs::path& folder) {
  std::vector<fs::path> modules;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".ko") modules.push_back(entry.path());
  std::ranges::sort(modules);
  return modules;
}

std::string sumOfModules(const std::vector<fs::path>& modules) {
  if (modules.empty()) return {};
  std::vector<std::string> fields;
  for (const fs::path& module : modules)
    fields.insert(fields.end(), {module.filename().string(), sha256OfFile(module)});
  return sha256OfFields(fields);
}

}  // namespace relapse::kernel
