// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/kernel.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "kernel/build.hpp"
#include "kernel/disk.hpp"
#include "kernel/hash.hpp"
#include "kernel/image.hpp"
#include "kernel/modules.hpp"
#include "kernel/patching.hpp"
#include "kernel/source.hpp"
#include "kernel/store.hpp"
#include "process/file_age.hpp"
#include "process/lock.hpp"
#include "process/process.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kRoomForBuild = 3ull << 29;  // of a whole one
constexpr std::uint64_t kRoomForStep = 1ull << 28;
// A source that could not be had is not asked for again so soon while there is another to take:
// a host without a network would wait for its time-out in each run.
constexpr std::chrono::minutes kNotHadLasts{10};

// All that decides which kernel comes out.
struct Recipe {
  std::string line;
  std::vector<Patch> patches;
  std::vector<AskedOption> options;
  std::string toolchain;

  std::string key(const std::string& sourceId) const {
    std::vector<std::string> fields{std::to_string(kRecipeVersion), sourceId, line, toolchain};
    for (const Patch& patch : patches) fields.insert(fields.end(), {"patch", patch.content});
    fields.insert(fields.end(), {"config", fragmentText(options)});
    return sha256OfFields(fields);
  }
};

Result<std::vector<Patch>> readPatches(const KernelRequest& request, const std::string& line) {
  std::vector<Patch> patches;
  if (request.seriesRoot) {
    auto series = readSeries(*request.seriesRoot, line);
    if (!series) return series;
    patches = std::move(*series);
  }
  for (const fs::path& file : request.patches) {
    auto patch = readPatch(file);
    if (!patch) return passOn(patch.error());
    patches.push_back(std::move(*patch));
  }
  return patches;
}

Result<Recipe> readRecipe(const KernelRequest& request, const Places& places, const std::string& line,
                          const std::stop_token& stop) {
  auto patches = readPatches(request, line);
  if (!patches) return passOn(patches.error());
  auto options = readFragments(request.config, request.extraConfig, places.configs, line);
  if (!options) return passOn(options.error());
  auto compiler = toolchain(stop);
  if (!compiler) return passOn(compiler.error());
  return Recipe{line, std::move(*patches), std::move(*options), std::move(*compiler)};
}

Result<void> requirePrograms() {
  static const std::vector<std::pair<const char*, const char*>> kPrograms{
      {"make", "make"}, {"git", "git"}, {"flex", "flex"}, {"bison", "bison"}, {"bc", "bc"}, {"gcc", "gcc"}};
  for (const auto& [program, package] : kPrograms)
    if (!process::findProgram(program))
      return fail(FailureKind::HostLacks, fmt::format("building a kernel needs the program {}", program),
                  fmt::format("apt-get install {}", package));
  return {};
}

Result<void> requireUsablePath(const fs::path& cache) {
  if (cache.string().find_first_of(" \t\n:") == std::string::npos) return {};
  return fail(FailureKind::BadInput,
              fmt::format("kernels cannot be built in a folder with a space or colon in its path: {}", cache.string()),
              "put the cache elsewhere with --state-dir");
}

// One request on one source that could be had.
class Kitchen {
 public:
  Kitchen(const KernelRequest& request, const Places& places, const BuildOptions& options, const Work& work,
          std::string name, LocatedSource source)
      : request_(request),
        places_(places),
        options_(options),
        work_(work),
        name_(std::move(name)),
        source_(std::move(source)),
        tree_(work.cache / "trees" / source_.copy),
        store_(work.cache / "kernels") {}

  // What was built before, without a lock; else under the lock, where another process may have built it meanwhile.
  Result<KernelImage> serve() {
    if (!source_.line.empty()) {
      if (auto read = prepare(source_.line); !read) return passOn(read.error());
      if (auto found = cached()) return std::move(*found);
    }
    fs::create_directories(tree_.home());
    const auto lock = process::FileLock::take(
        tree_.home() / "lock",
        {work_.stop,
         [&] { work_.tell(Stage::Build, "waiting for another relapse that builds in " + tree_.home().string()); }});
    if (!lock) return passOn(lock.error());
    return serveLocked();
  }

 private:
  Result<void> prepare(const std::string& line) {
    auto recipe = readRecipe(request_, places_, line, work_.stop);
    if (!recipe) return passOn(recipe.error());
    recipe_ = std::move(*recipe);
    key_ = recipe_.key(source_.id);
    return {};
  }

  std::optional<KernelImage> cached() const {
    auto kernel = store_.find(key_);
    if (!kernel || kernel->patches.size() != recipe_.patches.size()) return std::nullopt;
    for (std::size_t i = 0; i < recipe_.patches.size(); ++i) kernel->patches[i].file = recipe_.patches[i].file;
    kernel->source = name_;
    kernel->fromCache = true;
    return kernel;
  }

  Result<KernelImage> serveLocked() {
    for (const auto& place : {tree_.home(), work_.cache / "kernels"}) process::removeAbandoned(place);
    if (!key_.empty())
      if (auto found = cached()) return std::move(*found);
    if (auto provided = source_.provide(tree_); !provided) return passOn(provided.error());
    if (key_.empty()) {
      auto line = lineOf(tree_.pristine("Makefile"));
      if (!line) return passOn(line.error());
      if (auto read = prepare(*line); !read) return passOn(read.error());
      if (auto found = cached()) return std::move(*found);
    }
    return cook();
  }

  Result<KernelImage> cook() {
    if (auto there = requirePrograms(); !there) return passOn(there.error());
    work_.tell(Stage::Patch, fmt::format("{} patches", recipe_.patches.size()), 0,
               static_cast<long>(recipe_.patches.size()));
    auto uses = putOn(recipe_.patches, tree_, work_.stop);
    if (!uses) return passOn(uses.error());
    // A git version would get into the release, and make every commit another kernel.
    if (!isThere(tree_.source() / ".scmversion")) writeFile(tree_.source() / ".scmversion", "");
    const BuildPlace place = buildPlace();
    if (forgetObjectsOfTheFuture(place)) work_.tell(Stage::Build, "anew: the clock was set back since the last one");
    fs::create_directories(place.output);
    const bool whole = !isThere(vmlinuxOf(place));
    if (auto room = requireSpace(place.output, whole ? kRoomForBuild : kRoomForStep, "building a kernel"); !room)
      return passOn(room.error());
    work_.tell(Stage::Build, "configuring");
    if (auto configured = configure(recipe_.options, kconfig(), place, options_); !configured)
      return passOn(configured.error());
    if (auto compiled = compile(recipe_.line, place, options_); !compiled) return passOn(compiled.error());
    return keep(place, std::move(*uses));
  }

  // A folder per config and toolchain, so that going back to a config recompiles nothing.
  BuildPlace buildPlace() const {
    const std::string what = sha256OfFields({fragmentText(recipe_.options), recipe_.toolchain});
    return {fs::canonical(tree_.source()), fs::canonical(tree_.home()) / ("build-" + what.substr(0, 16)),
            fs::canonical(work_.cache) / "ccache", tree_.home() / "objects"};
  }

  // The configuration depends on Kconfig files, patched ones as well.
  std::string kconfig() const {
    std::vector<std::string> fields{source_.kconfig};
    for (const std::string& path : tree_.patched())
      if (path.substr(path.rfind('/') + 1).starts_with("Kconfig"))
        fields.insert(fields.end(), {path, readFileIfThere(tree_.source() / path)});
    return sha256OfFields(fields);
  }

  Result<KernelImage> keep(const BuildPlace& place, std::vector<PatchUse> uses) const {
    if (auto checked = checkImage(imageOf(place)); !checked)
      return fail(FailureKind::BuildFailed, checked.error().message);
    auto facts = readVmlinux(vmlinuxOf(place));
    if (!facts) return fail(FailureKind::BuildFailed, facts.error().message);
    KernelImage kernel;
    kernel.image = imageOf(place);
    kernel.vmlinux = vmlinuxOf(place);
    kernel.config = dotConfigOf(place);
    kernel.buildLog = logOf(place);
    kernel.source = name_;
    kernel.line = recipe_.line;
    kernel.release = releaseOf(place, *facts);
    kernel.buildId = facts->buildId;
    kernel.key = key_;
    kernel.patches = std::move(uses);
    return store_.keep(kernel, builtModules(place.output));
  }

  static std::string releaseOf(const BuildPlace& place, const VmlinuxFacts& facts) {
    std::string release = readFileIfThere(place.output / "include/config/kernel.release");
    while (release.ends_with('\n')) release.pop_back();
    return release.empty() ? facts.release : release;
  }

  const KernelRequest& request_;
  const Places& places_;
  const BuildOptions& options_;
  const Work& work_;
  std::string name_;
  LocatedSource source_;
  PatchedTree tree_;
  Store store_;
  Recipe recipe_;
  std::string key_;  // empty until the line is known
};

// Remembers for a while that a source could not be had, and why.
class NotHad {
 public:
  NotHad(const fs::path& cache, const std::string& word)
      : file_(cache / "sources/not-had" / sha256(word).substr(0, 16)) {}

  std::string lately() const {
    const auto age = process::ageOf(file_);
    return age && *age < kNotHadLasts ? readFileIfThere(file_) : "";
  }
  void note(const std::string& why) const { writeFile(file_, why); }
  void forget() const {
    std::error_code none;
    fs::remove(file_, none);
  }

 private:
  fs::path file_;
};

Result<LocatedSource> locateNow(const std::string& word, const SourceReference& reference, const Work& work) {
  auto source = locate(reference, work);
  const NotHad notHad(work.cache, word);
  if (source)
    notHad.forget();
  else if (source.error().kind == FailureKind::HostLacks)
    notHad.note(source.error().message);
  return source;
}

std::string oneLine(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

Result<KernelImage> obtainChecked(const KernelRequest& request, const Places& places, const BuildOptions& options) {
  const auto list = loadSources(places.configs / "sources.yaml");
  if (!list) return passOn(list.error());
  std::vector<SourceReference> references;
  for (const std::string& word : request.sources) {
    auto reference = resolve(word, *list);
    if (!reference) return passOn(reference.error());
    references.push_back(std::move(*reference));
  }
  const fs::path cache = fs::absolute(places.cache).lexically_normal();
  if (auto usable = requireUsablePath(cache); !usable) return passOn(usable.error());
  fs::create_directories(cache);
  const Work work{cache, options.onProgress, options.stop};
  std::vector<std::string> notHad;
  for (std::size_t i = 0; i < references.size(); ++i) {
    const std::string& word = request.sources[i];
    const bool last = i + 1 == references.size();
    if (const std::string why = NotHad(cache, word).lately(); !last && !why.empty()) {
      notHad.push_back(fmt::format("{}: {}", word, oneLine(why)));
      continue;
    }
    auto source = locateNow(word, references[i], work);
    if (!source && source.error().kind != FailureKind::HostLacks) return passOn(source.error());
    if (!source) {
      notHad.push_back(fmt::format("{}: {}", word, oneLine(source.error().message)));
      continue;
    }
    auto kernel = Kitchen(request, places, options, work, word, std::move(*source)).serve();
    if (kernel) kernel->notHad = notHad;
    return kernel;
  }
  return fail(FailureKind::HostLacks, fmt::format("no kernel source could be had: {}", fmt::join(notHad, "; ")),
              "check the network, or give a source of your own with --kernel");
}

}  // namespace

Result<KernelImage> obtain(const KernelRequest& request, const Places& places, const BuildOptions& options) try {
  return obtainChecked(request, places, options);
} catch (const fs::filesystem_error& error) {
  return passOn(failureOf(error));
}

}  // namespace relapse::kernel
