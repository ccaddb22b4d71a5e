// SPDX-License-Identifier: GPL-2.0-or-later
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "checksum/checksum.hpp"
#include "kernel/kernel.hpp"
#include "kernel/modules.hpp"
#include "process/scratch.hpp"
#include "run/bundle.hpp"
#include "run/manifest.hpp"
#include "scenario/resolved.hpp"
#include "scenario/scenario.hpp"

namespace relapse::run {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAdvice = "relapse run writes a whole one into each run's directory";

std::string contentOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

tl::unexpected<Failure> bad(const fs::path& file, const std::string& what, std::string advice = {}) {
  return fail(FailureKind::BadInput, fmt::format("{}: {}", file.string(), what), std::move(advice));
}

Result<fs::path> bundleAt(const fs::path& path) {
  std::error_code error;
  const fs::path given = fs::absolute(path, error).lexically_normal();
  if (!fs::exists(given, error)) return bad(path, "no such file or folder");
  if (!fs::is_directory(given, error)) return bad(path, "expected a run's directory or its bundle, found a file");
  const fs::path folder = fs::canonical(given, error);
  if (folder.extension() == ".incomplete") return bad(path, "this run was broken off, there is nothing to replay");
  if (fs::is_directory(folder / "bundle", error)) return folder / "bundle";
  if (fs::exists(folder / "manifest.json", error) || fs::exists(folder / "scenario.yaml", error)) return folder;
  return bad(path, "expected a run's directory (with bundle/) or its bundle, found neither");
}

Result<void> requireFile(const fs::path& file) {
  std::error_code error;
  if (fs::is_regular_file(file, error)) return {};
  return bad(file, "is missing: the bundle is incomplete", kAdvice);
}

Result<void> requireSum(const fs::path& file, const std::string& sum) {
  if (auto there = requireFile(file); !there) return there;
  auto found = checksum::ofFile(file);
  if (!found) return passOn(found.error());
  if (*found == sum) return {};
  return bad(file, fmt::format("was changed: its SHA-256 is {}, and was {}", *found, sum));
}

Result<void> requireModules(const fs::path& folder, const std::string& sum) try {
  if (sum.empty()) return {};
  if (!fs::is_directory(folder)) return bad(folder, "is missing: the bundle is incomplete", kAdvice);
  if (kernel::sumOfModules(kernel::modulesIn(folder)) == sum) return {};
  return bad(folder, "its modules were changed, or some are missing");
} catch (const fs::filesystem_error& error) {
  return bad(folder, error.code().message());
}

// What is known of the kernel, with its files as they lie in the bundle.
kernel::KernelImage placed(const ManifestKernel& kernel, const fs::path& bundle) {
  const fs::path home = kernel.folder.empty() ? bundle : bundle / kernel.folder;
  kernel::KernelImage image = kernel.image;
  image.image = home / "Image";
  image.vmlinux = home / "vmlinux";
  if (!image.config.empty()) image.config = home / "config";
  if (!image.modulesSha256.empty()) image.modules = home / "modules";
  for (auto& patch : image.patches) patch.file = bundle / patch.file;
  image.fromCache = false;
  return image;
}

std::optional<Outcome> outcomeIn(const fs::path& file) {
  auto outcome = readOutcome(contentOf(file));
  return outcome ? std::optional(std::move(*outcome)) : std::nullopt;
}

// Nothing of these is used unless its sum is that of the manifest.
std::vector<std::string> requiredIn(const Manifest& manifest) {
  std::vector<std::string> names{"scenario.yaml", "Image", "vmlinux"};
  if (manifest.serverKernel) names.insert(names.end(), {"server/Image", "server/vmlinux"});
  for (const auto& [node, archives] : manifest.archives) names.insert(names.end(), archives.begin(), archives.end());
  names.insert(names.end(), manifest.fragments.begin(), manifest.fragments.end());
  return names;
}

Result<Bundle> openWhole(const fs::path& folder) {
  auto manifest = readManifest(contentOf(folder / "manifest.json"));
  if (!manifest) return bad(folder / "manifest.json", manifest.error().message);
  for (const auto& name : requiredIn(*manifest))
    if (!manifest->files.contains(name)) return bad(folder / "manifest.json", fmt::format("has no sum of {}", name));
  for (const auto& [name, sum] : manifest->files)
    if (auto good = requireSum(folder / name, sum); !good) return passOn(good.error());
  Bundle bundle;
  bundle.folder = folder;
  auto& request = bundle.request;
  request.kernel = placed(manifest->kernel, folder);
  if (manifest->serverKernel) request.serverKernel = placed(*manifest->serverKernel, folder);
  if (auto good = requireModules(folder / "modules", request.kernel->modulesSha256); !good) return passOn(good.error());
  if (request.serverKernel)
    if (auto good = requireModules(folder / "server/modules", request.serverKernel->modulesSha256); !good)
      return passOn(good.error());
  auto scenario = scenario::load(folder / "scenario.yaml");
  if (!scenario) return passOn(scenario.error());
  request.scenario = std::move(*scenario);
  request.scenario.cell = manifest->cell;
  request.overrides = manifest->overrides;
  request.resolved = contentOf(folder / "scenario.yaml");
  for (const auto& name : manifest->fragments) request.configs.push_back(folder / name);
  for (const auto& [node, names] : manifest->archives)
    for (const auto& name : names) request.archives[node].push_back(folder / name);
  bundle.first = outcomeIn(folder / "outcome.json");
  if (!bundle.first) bundle.first = outcomeIn(folder.parent_path() / "result.json");
  return bundle;
}

std::vector<std::string> linesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines.push_back(line);
  return lines;
}

// The scenario of a bundle whose scenario.yaml is the user's own file, with the overrides beside it.
Result<void> loadOlderScenario(const fs::path& folder, RunRequest& request) {
  request.overrides = linesOf(contentOf(folder / "overrides"));
  auto text = scenario::resolvedText(folder / "scenario.yaml", request.overrides);
  if (!text) return passOn(text.error());
  request.resolved = std::move(*text);
  const auto scratch = process::ScratchFolder::make(fs::temp_directory_path(), "relapse-replay-");
  if (!scratch) return passOn(scratch.error());
  std::ofstream(scratch->path() / "scenario.yaml", std::ios::binary) << request.resolved;
  auto scenario = scenario::load(scratch->path() / "scenario.yaml");
  if (!scenario) return passOn(scenario.error());
  request.scenario = std::move(*scenario);
  request.scenario.file = folder / "scenario.yaml";
  return {};
}

// The sums that the run's record has of its bundle's files.
std::map<std::string, std::string> recordedSums(const nlohmann::json& result) {
  std::map<std::string, std::string> sums;
  if (!result.is_object() || !result.contains("artefacts") || !result["artefacts"].is_array()) return sums;
  for (const auto& file : result["artefacts"]) {
    const std::string name = file.value("name", "");
    const std::string sum = file.value("sha256", "");
    if (name.starts_with("bundle/") && !sum.empty()) sums[name.substr(7)] = sum;
  }
  return sums;
}

// What the record tells of a kernel that was looked at as a ready one.
void addProvenance(const nlohmann::json& result, const fs::path& folder, kernel::KernelImage& image) {
  if (!result.is_object() || !result.contains("kernel")) return;
  const auto known = readKernel(result["kernel"].dump());
  image.source = known.source;
  image.line = known.line;
  image.release = known.release.empty() ? image.release : known.release;
  image.key = known.key;
  int number = 0;
  for (auto patch : known.patches) {
    patch.file = folder / "series" / fmt::format("{:04}-{}", ++number, patch.file.filename().string());
    image.patches.push_back(std::move(patch));
  }
}

Result<Bundle> openOlder(const fs::path& folder) {
  for (const char* name : {"scenario.yaml", "Image", "vmlinux"})
    if (auto there = requireFile(folder / name); !there) return passOn(there.error());
  Bundle bundle;
  bundle.folder = folder;
  const fs::path record = folder.parent_path() / "result.json";
  const auto result = nlohmann::json::parse(contentOf(record), nullptr, false);
  const auto sums = recordedSums(result);
  for (const auto& [name, sum] : sums)
    if (auto good = requireSum(folder / name, sum); !good) return passOn(good.error());
  if (sums.empty()) bundle.notes.push_back("an older bundle without its run's result.json: no sums were compared");
  if (auto loaded = loadOlderScenario(folder, bundle.request); !loaded) return passOn(loaded.error());
  std::error_code error;
  const fs::path modules = fs::is_directory(folder / "modules", error) ? folder / "modules" : fs::path();
  auto image = kernel::ready({folder / "Image", folder / "vmlinux", modules});
  if (!image) return passOn(image.error());
  if (fs::exists(folder / "config", error)) image->config = folder / "config";
  addProvenance(result, folder, *image);
  bundle.request.kernel = std::move(*image);
  bundle.first = outcomeIn(record);
  return bundle;
}

// Where the source was, when it was on this host and is not any more.
std::optional<std::string> goneFrom(const std::string& source) {
  std::string place = source.starts_with("git:") ? source.substr(4, source.rfind('#') - 4) : source;
  std::error_code error;
  if (place.find('/') == std::string::npos || place.find("://") != std::string::npos || fs::exists(place, error))
    return std::nullopt;
  return place;
}

Result<void> requireSource(const kernel::KernelImage& image) {
  if (image.line.empty())
    return fail(FailureKind::HostLacks,
                fmt::format("the kernel cannot be built again: it was given ready ({}), and its source is not known",
                            image.source.empty() ? "--image" : image.source),
                "replay without --rebuild");
  if (const auto place = goneFrom(image.source))
    return fail(FailureKind::HostLacks, fmt::format("the kernel cannot be built again: its source is gone: {}", *place),
                "replay without --rebuild");
  return {};
}

}  // namespace

Result<Bundle> openBundle(const fs::path& path) {
  auto folder = bundleAt(path);
  if (!folder) return passOn(folder.error());
  std::error_code error;
  auto bundle = fs::exists(*folder / "manifest.json", error) ? openWhole(*folder) : openOlder(*folder);
  if (!bundle) return bundle;
  for (const auto& [node, hardware] : bundle->request.scenario.nodes)
    if (!bundle->request.archives.contains(node))
      bundle->notes.push_back(fmt::format(
          "the bundle does not hold the root of the guest {}: it is made anew, from today's packages", node));
  if (!bundle->first)
    bundle->notes.push_back(
        "the first run's outcome is not known: neither outcome.json nor "
        "result.json tells");
  return bundle;
}

Result<RunRequest> rebuildRequest(const Bundle& bundle) {
  RunRequest request = bundle.request;
  const auto& image = *bundle.request.kernel;
  if (auto there = requireSource(image); !there) return passOn(there.error());
  if (request.serverKernel)
    if (auto there = requireSource(*request.serverKernel); !there) return passOn(there.error());
  if (!request.scenario.kernel.series)
    for (const auto& patch : image.patches) request.patches.push_back(patch.file);
  // Modules belong to their kernel's very build; they are the last part of a root.
  if (!image.modules.empty() || (request.serverKernel && !request.serverKernel->modules.empty()))
    request.archives.clear();
  request.sources = {image.source};
  request.kernel.reset();
  request.serverKernel.reset();
  return request;
}

}  // namespace relapse::run
