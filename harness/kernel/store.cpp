// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/store.hpp"

#include <nlohmann/json.hpp>

#include "kernel/disk.hpp"
#include "kernel/hash.hpp"
#include "kernel/modules.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Under the final name, beside the record.
struct Names {
  static constexpr const char* image = "Image";
  static constexpr const char* vmlinux = "vmlinux";
  static constexpr const char* config = "config";
  static constexpr const char* log = "build.log";
  static constexpr const char* modules = "modules";
  static constexpr const char* record = "kernel.json";
};

json sizesOfModules(const fs::path& folder) {
  json sizes = json::object();
  if (!isThere(folder)) return sizes;
  for (const fs::path& module : modulesIn(folder)) sizes[module.filename().string()] = fs::file_size(module);
  return sizes;
}

json recordOf(const KernelImage& kernel, const fs::path& folder) {
  json patches = json::array();
  for (const PatchUse& patch : kernel.patches)
    patches.push_back(
        {{"file", patch.file.string()}, {"sha256", patch.sha256}, {"already_in_source", patch.alreadyInSource}});
  return {{"key", kernel.key},
          {"source", kernel.source},
          {"line", kernel.line},
          {"release", kernel.release},
          {"build_id", kernel.buildId},
          {"image_sha256", kernel.imageSha256},
          {"image_size", fs::file_size(folder / Names::image)},
          {"vmlinux_sha256", kernel.vmlinuxSha256},
          {"vmlinux_size", fs::file_size(folder / Names::vmlinux)},
          {"modules_sha256", kernel.modulesSha256},
          {"module_sizes", sizesOfModules(folder / Names::modules)},
          {"patches", patches}};
}

KernelImage kernelOf(const json& record, const fs::path& folder) {
  KernelImage kernel;
  kernel.image = folder / Names::image;
  kernel.vmlinux = folder / Names::vmlinux;
  kernel.config = folder / Names::config;
  kernel.buildLog = folder / Names::log;
  kernel.key = record.at("key");
  kernel.source = record.at("source");
  kernel.line = record.at("line");
  kernel.release = record.at("release");
  kernel.buildId = record.at("build_id");
  kernel.imageSha256 = record.at("image_sha256");
  kernel.vmlinuxSha256 = record.at("vmlinux_sha256");
  kernel.modulesSha256 = record.value("modules_sha256", "");
  if (!kernel.modulesSha256.empty()) kernel.modules = folder / Names::modules;
  for (const json& patch : record.at("patches"))
    kernel.patches.push_back({patch.at("file").get<std::string>(), patch.at("sha256"), patch.at("already_in_source")});
  return kernel;
}

bool hasSize(const fs::path& file, const json& size) {
  std::error_code error;
  return fs::file_size(file, error) == size.get<std::uintmax_t>() && !error;
}

// An entry of before modules were kept is whole when its kernel has none.
bool hasItsModules(const KernelImage& kernel, const json& record) {
  const auto sizes = record.find("module_sizes");
  if (sizes == record.end()) return !hasModules(readFileIfThere(kernel.config));
  for (const auto& [name, size] : sizes->items())
    if (!hasSize(kernel.modules / name, size)) return false;
  return true;
}

bool isWhole(const KernelImage& kernel, const json& record) {
  return hasSize(kernel.image, record.at("image_size")) && hasSize(kernel.vmlinux, record.at("vmlinux_size")) &&
         isThere(kernel.config) && isThere(kernel.buildLog) && hasItsModules(kernel, record);
}

}  // namespace

std::optional<KernelImage> Store::find(const std::string& key) const {
  const fs::path folder = kernels_ / key;
  const json record = json::parse(readFileIfThere(folder / Names::record), nullptr, false);
  if (record.is_discarded()) return std::nullopt;
  try {
    KernelImage kernel = kernelOf(record, folder);
    if (kernel.key == key && isWhole(kernel, record)) return kernel;
  } catch (const json::exception&) {
    // A record of another version: as if there were none.
  }
  return std::nullopt;
}

Result<KernelImage> Store::keep(const KernelImage& built, const std::vector<fs::path>& modules) const {
  fs::create_directories(kernels_);
  const ScratchFolder draft(kernels_);
  const fs::path folder = draft.path() / "entry";
  copyOver(built.image, folder / Names::image);
  copyOver(built.vmlinux, folder / Names::vmlinux);
  copyOver(built.config, folder / Names::config);
  copyOver(built.buildLog, folder / Names::log);
  for (const fs::path& module : modules) copyOver(module, folder / Names::modules / module.filename());
  KernelImage kernel = built;
  kernel.imageSha256 = sha256OfFile(folder / Names::image);
  kernel.vmlinuxSha256 = sha256OfFile(folder / Names::vmlinux);
  kernel.modulesSha256 = sumOfModules(modules);
  writeFile(folder / Names::record, recordOf(kernel, folder).dump(2) + "\n");
  if (auto others = find(built.key)) return std::move(*others);
  if (isThere(kernels_ / built.key)) fs::rename(kernels_ / built.key, draft.path() / "damaged");
  std::error_code taken;
  fs::rename(folder, kernels_ / built.key, taken);
  if (auto kept = find(built.key)) return std::move(*kept);
  if (taken) throw fs::filesystem_error("cannot keep", kernels_ / built.key, taken);
  return fail(FailureKind::Internal, "the kernel's entry cannot be read back: " + (kernels_ / built.key).string());
}

}  // namespace relapse::kernel
