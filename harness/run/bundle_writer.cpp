// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "checksum/checksum.hpp"
#include "run/bundle.hpp"
#include "run/manifest.hpp"
#include "scenario/resolved.hpp"

namespace relapse::run {
namespace {

namespace fs = std::filesystem;

// Puts files into a bundle and keeps their sums for the manifest.
class Writer {
 public:
  explicit Writer(fs::path bundle) : bundle_(std::move(bundle)) {}

  Result<void> put(const std::string& name, std::string_view content) {
    if (auto made = makeRoomFor(name); !made) return made;
    std::ofstream file(bundle_ / name, std::ios::binary);
    file << content;
    file.close();
    if (!file) return fail(FailureKind::Exhausted, fmt::format("{}: cannot be written", (bundle_ / name).string()));
    sums_[name] = checksum::ofText(content);
    return {};
  }

  // A link costs nothing, and the cache never changes a file in place. A user may: that is copied.
  Result<void> take(const std::string& name, const fs::path& from, bool cached, std::string sum = {}) {
    if (auto made = makeRoomFor(name); !made) return made;
    std::error_code error;
    if (cached) fs::create_hard_link(from, bundle_ / name, error);
    if (!cached || error) fs::copy_file(from, bundle_ / name, fs::copy_options::overwrite_existing, error);
    if (error) {
      std::error_code ignored;
      fs::remove(bundle_ / name, ignored);  // what is there of it takes the space that other evidence needs
      return fail(FailureKind::Exhausted,
                  fmt::format("{} -> {}: {}", from.string(), (bundle_ / name).string(), error.message()));
    }
    if (sum.empty()) {
      auto made = checksum::ofFile(bundle_ / name);
      if (!made) return passOn(made.error());
      sum = std::move(*made);
    }
    sums_[name] = std::move(sum);
    return {};
  }

  // Their one sum is in the manifest's kernel.
  Result<void> takeModules(const std::string& folder, const fs::path& from, bool cached) {
    std::error_code error;
    fs::create_directories(bundle_ / folder, error);
    for (fs::directory_iterator entry(from, error), end; !error && entry != end; entry.increment(error)) {
      if (entry->path().extension() != ".ko") continue;
      const std::string name = fmt::format("{}/{}", folder, entry->path().filename().string());
      if (auto done = take(name, entry->path(), cached, "-"); !done) return done;
      sums_.erase(name);
    }
    if (error) return fail(FailureKind::Exhausted, fmt::format("{}: {}", from.string(), error.message()));
    return {};
  }

  const std::map<std::string, std::string>& sums() const { return sums_; }

 private:
  Result<void> makeRoomFor(const std::string& name) {
    std::error_code error;
    fs::create_directories((bundle_ / name).parent_path(), error);
    if (error) return fail(FailureKind::Exhausted, fmt::format("{}: {}", bundle_.string(), error.message()));
    return {};
  }

  fs::path bundle_;
  std::map<std::string, std::string> sums_;
};

std::string below(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

// The patches that the kernel has, under names of the bundle; those that its source had before are named, not used.
Result<void> putSeries(Writer& writer, const std::string& folder, kernel::KernelImage& image) {
  if (image.line.empty() || (image.patches.empty() && folder.empty())) return {};
  const std::string home = below(folder, fmt::format("series/{}", image.line));
  std::string series;
  int number = 0;
  for (auto& patch : image.patches) {
    std::string name = patch.file.filename().string();
    if (const auto numbered = name.find('-'); numbered == 4 && name.find_first_not_of("0123456789") == 4)
      name.erase(0, 5);
    name = fmt::format("{:04}-{}", ++number, name);
    if (auto done = writer.take(home + "/" + name, patch.file, false); !done) return done;
    patch.file = home + "/" + name;
    series += (patch.alreadyInSource ? "# already in the source: " : "") + name + "\n";
  }
  return writer.put(home + "/series", series);
}

Result<ManifestKernel> putKernel(Writer& writer, const std::string& folder, const kernel::KernelImage& image) {
  ManifestKernel kernel{folder, image};
  const bool cached = !image.key.empty();
  if (auto done = writer.take(below(folder, "Image"), image.image, cached, image.imageSha256); !done)
    return passOn(done.error());
  if (auto done = writer.take(below(folder, "vmlinux"), image.vmlinux, cached, image.vmlinuxSha256); !done)
    return passOn(done.error());
  if (!image.config.empty())
    if (auto done = writer.take(below(folder, "config"), image.config, false); !done) return passOn(done.error());
  if (!image.modules.empty())
    if (auto done = writer.takeModules(below(folder, "modules"), image.modules, cached); !done)
      return passOn(done.error());
  if (auto done = putSeries(writer, folder, kernel.image); !done) return passOn(done.error());
  return kernel;
}

Result<void> putArchives(Writer& writer, const BundleParts& parts, Manifest& manifest) {
  std::map<fs::path, std::string> taken;
  for (const auto& [node, archives] : parts.archives) {
    for (const auto& archive : archives) {
      auto& name = taken[archive];
      if (name.empty()) {
        name = fmt::format("root/{:02}-{}", taken.size(), archive.filename().string());
        if (auto done = writer.take(name, archive, true); !done) return done;
      }
      manifest.archives[node].push_back(name);
    }
  }
  return {};
}

// What decides which kernel is built again: the source that was had, and the patches that were put on it.
std::vector<std::string> kernelOverrides(const std::string& key, const kernel::KernelImage& image) {
  std::vector<std::string> overrides;
  if (image.line.empty()) return overrides;  // given ready: the scenario's own source stays
  overrides.push_back(fmt::format("{}.source=[{}]", key, nlohmann::json(image.source).dump()));
  if (key != "kernel") overrides.push_back(key + ".series=server/series");  // without it, it has the clients'
  if (key == "kernel" && !image.patches.empty()) overrides.push_back(key + ".series=series");
  return overrides;
}

Result<std::string> scenarioText(const RunRequest& request, const report::RunRecord& record) {
  auto overrides = request.scenario.cell;
  overrides.insert(overrides.end(), request.overrides.begin(), request.overrides.end());
  auto text = request.resolved.empty() ? scenario::resolvedText(request.scenario.file, overrides)
                                       : Result<std::string>(request.resolved);
  if (!text) return text;
  auto further = kernelOverrides("kernel", record.kernel);
  if (record.serverKernel)
    for (auto& one : kernelOverrides("nodes.server.kernel", *record.serverKernel)) further.push_back(std::move(one));
  return scenario::overriddenText(*text, further);
}

}  // namespace

Result<std::map<std::string, std::string>> writeBundle(const fs::path& folder, const RunRequest& request,
                                                       const report::RunRecord& record, const BundleParts& parts) {
  Writer writer(folder / "bundle");
  Manifest manifest;
  manifest.overrides = request.overrides;
  manifest.cell = request.scenario.cell;
  auto kernel = putKernel(writer, "", record.kernel);
  if (!kernel) return passOn(kernel.error());
  manifest.kernel = *kernel;
  if (record.serverKernel) {
    auto server = putKernel(writer, "server", *record.serverKernel);
    if (!server) return passOn(server.error());
    manifest.serverKernel = *server;
  }
  auto text = scenarioText(request, record);
  if (!text) return passOn(text.error());
  if (auto done = writer.put("scenario.yaml", *text); !done) return passOn(done.error());
  for (const auto& config : request.configs) {
    const std::string name = fmt::format("fragments/{:02}-{}", manifest.fragments.size(), config.filename().string());
    if (auto done = writer.take(name, config, false); !done) return passOn(done.error());
    manifest.fragments.push_back(name);
  }
  if (auto done = putArchives(writer, parts, manifest); !done) return passOn(done.error());
  for (const auto& [node, xml] : parts.domainXml)
    if (auto done = writer.put(fmt::format("domain.{}.xml", node), xml); !done) return passOn(done.error());
  if (auto done = writer.put("outcome.json", outcomeJson(outcomeOf(record))); !done) return passOn(done.error());
  manifest.files = writer.sums();
  if (auto done = writer.put("manifest.json", manifestJson(manifest)); !done) return passOn(done.error());
  std::map<std::string, std::string> sums;
  for (const auto& [name, sum] : writer.sums()) sums["bundle/" + name] = sum;
  return sums;
}

}  // namespace relapse::run
