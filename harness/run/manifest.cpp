// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/manifest.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace relapse::run {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json kernelJson(const ManifestKernel& kernel) {
  const auto& image = kernel.image;
  Json patches = Json::array();
  for (const auto& patch : image.patches)
    patches.push_back(
        {{"file", patch.file.string()}, {"sha256", patch.sha256}, {"already_in_source", patch.alreadyInSource}});
  return {{"folder", kernel.folder},
          {"source", image.source},
          {"line", image.line},
          {"release", image.release},
          {"build_id", image.buildId},
          {"image_sha256", image.imageSha256},
          {"vmlinux_sha256", image.vmlinuxSha256},
          {"modules_sha256", image.modulesSha256},
          {"key", image.key},
          {"has_config", !image.config.empty()},
          {"patches", patches}};
}

std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::vector<std::string> words(const Json& value) {
  std::vector<std::string> out;
  if (!value.is_array()) return out;
  for (const auto& item : value)
    if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

std::vector<std::string> words(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? std::vector<std::string>() : words(*found);
}

kernel::KernelImage imageIn(const Json& value) {
  kernel::KernelImage image;
  if (!value.is_object()) return image;
  image.source = text(value, "source");
  image.line = text(value, "line");
  image.release = text(value, "release");
  image.buildId = text(value, "build_id");
  image.imageSha256 = text(value, "image_sha256");
  image.vmlinuxSha256 = text(value, "vmlinux_sha256");
  image.modulesSha256 = text(value, "modules_sha256");
  image.key = text(value, "key");
  if (flag(value, "has_config")) image.config = "config";
  if (const auto patches = value.find("patches"); patches != value.end() && patches->is_array())
    for (const auto& patch : *patches)
      if (patch.is_object())
        image.patches.push_back({text(patch, "file"), text(patch, "sha256"), flag(patch, "already_in_source")});
  return image;
}

bool staysInside(const std::string& name) {
  const fs::path path(name);
  return !name.empty() && path.is_relative() && std::find(path.begin(), path.end(), "..") == path.end();
}

// All names that are opened later.
std::vector<std::string> namesIn(const Manifest& manifest) {
  std::vector<std::string> names = manifest.fragments;
  for (const auto& [node, archives] : manifest.archives) names.insert(names.end(), archives.begin(), archives.end());
  for (const auto& [name, sum] : manifest.files) names.push_back(name);
  for (const auto& patch : manifest.kernel.image.patches) names.push_back(patch.file);
  if (manifest.serverKernel)
    for (const auto& patch : manifest.serverKernel->image.patches) names.push_back(patch.file);
  return names;
}

Manifest manifestIn(const Json& value) {
  Manifest manifest;
  manifest.overrides = words(value, "overrides");
  manifest.cell = words(value, "cell");
  manifest.fragments = words(value, "fragments");
  if (const auto kernel = value.find("kernel"); kernel != value.end()) manifest.kernel = {"", imageIn(*kernel)};
  if (const auto server = value.find("server_kernel"); server != value.end() && server->is_object())
    manifest.serverKernel = ManifestKernel{"server", imageIn(*server)};
  if (const auto archives = value.find("archives"); archives != value.end() && archives->is_object())
    for (const auto& [node, names] : archives->items()) manifest.archives[node] = words(names);
  if (const auto files = value.find("files"); files != value.end() && files->is_object())
    for (const auto& [name, sum] : files->items())
      manifest.files[name] = sum.is_string() ? sum.get<std::string>() : std::string();
  return manifest;
}

}  // namespace

std::string manifestJson(const Manifest& manifest) {
  Json all{{"version", kManifestVersion},
           {"overrides", manifest.overrides},
           {"cell", manifest.cell},
           {"kernel", kernelJson(manifest.kernel)}};
  if (manifest.serverKernel) all["server_kernel"] = kernelJson(*manifest.serverKernel);
  all["fragments"] = manifest.fragments;
  all["archives"] = manifest.archives;
  all["files"] = manifest.files;
  return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Manifest> readManifest(std::string_view json) {
  const Json value = Json::parse(json, nullptr, false);
  const auto version = value.is_object() ? value.find("version") : value.end();
  if (!value.is_object() || version == value.end() || !version->is_number_integer())
    return fail(FailureKind::BadInput, "expected a bundle's manifest (JSON with a version), found something else");
  if (version->get<long>() != kManifestVersion)
    return fail(FailureKind::BadInput, fmt::format("expected version {}, found {}: another relapse wrote it",
                                                   kManifestVersion, version->get<long>()));
  Manifest manifest = manifestIn(value);
  for (const auto& name : namesIn(manifest))
    if (!staysInside(name))
      return fail(FailureKind::BadInput, fmt::format("expected names of files in the bundle, found \"{}\"", name));
  if (manifest.kernel.image.imageSha256.empty()) return fail(FailureKind::BadInput, "it tells of no kernel");
  return manifest;
}

kernel::KernelImage readKernel(std::string_view json) {
  return imageIn(Json::parse(json, nullptr, false));
}

}  // namespace relapse::run
