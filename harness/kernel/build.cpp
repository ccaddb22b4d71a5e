// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <thread>

#include "kernel/disk.hpp"
#include "kernel/hash.hpp"
#include "kernel/modules.hpp"
#include "process/process.hpp"

namespace relapse::kernel {

namespace {

namespace fs = std::filesystem;
constexpr std::string_view kCross = "aarch64-linux-gnu-";

// What a user's shell or an outer make may hold and kbuild would take.
const std::vector<std::string> kForeignVariables{"MAKEFLAGS",
                                                 "MFLAGS",
                                                 "MAKELEVEL",
                                                 "MAKEFILES",
                                                 "ARCH",
                                                 "SUBARCH",
                                                 "CROSS_COMPILE",
                                                 "KBUILD_OUTPUT",
                                                 "KBUILD_VERBOSE",
                                                 "KBUILD_EXTMOD",
                                                 "KCFLAGS",
                                                 "KAFLAGS",
                                                 "KCPPFLAGS",
                                                 "CFLAGS",
                                                 "CPPFLAGS",
                                                 "LDFLAGS",
                                                 "HOSTCFLAGS",
                                                 "HOSTLDFLAGS",
                                                 "KCONFIG_CONFIG",
                                                 "KCONFIG_ALLCONFIG",
                                                 "LLVM",
                                                 "LLVM_IAS",
                                                 "LOCALVERSION",
                                                 "CPATH",
                                                 "C_INCLUDE_PATH",
                                                 "GIT_DIR",
                                                 "GIT_WORK_TREE",
                                                 "GCC_COLORS",
                                                 "KBUILD_BUILD_TIMESTAMP"};

int jobsOf(const BuildOptions& options) {
  return options.jobs > 0 ? options.jobs : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// The kernel's paths, in DWARF and in its messages, are relative to the source: the same kernel comes
// out anywhere. ccache hands the compiler paths relative to the output.
std::string prefixMaps(const BuildPlace& place) {
  const std::string relative = place.source.lexically_relative(place.output).string();
  return fmt::format("-ffile-prefix-map={}/= -ffile-prefix-map={}/= -fdebug-prefix-map={}=.", place.source.string(),
                     relative, place.output.string());
}

// On make's command line, because vendor trees set ARCH and CROSS_COMPILE in their Makefile.
process::Command make(const BuildPlace& place, const BuildOptions& options, std::vector<std::string> targets) {
  const std::string launcher = process::findProgram("ccache") ? "ccache " : "";
  process::Command command{
      .argv = {"make", "-C", place.source.string(), fmt::format("-j{}", jobsOf(options)), "O=" + place.output.string(),
               "ARCH=arm64", fmt::format("CROSS_COMPILE={}", kCross), fmt::format("CC={}{}gcc", launcher, kCross),
               "HOSTCFLAGS=-fcommon", "KCFLAGS=" + prefixMaps(place), "KAFLAGS=" + prefixMaps(place),
               "KBUILD_BUILD_TIMESTAMP=@0", "KBUILD_BUILD_USER=relapse", "KBUILD_BUILD_HOST=relapse",
               "KBUILD_BUILD_VERSION=1", "LOCALVERSION="},
      .unset = kForeignVariables};
  std::ranges::move(targets, std::back_inserter(command.argv));
  command.environment = {{"CCACHE_DIR", place.ccache.string()},
                         {"CCACHE_BASEDIR", place.source.parent_path().string()},
                         {"CCACHE_NOHASHDIR", "true"},
                         {"CCACHE_DEPEND", "true"},  // no preprocessing of its own: a fifth of a cold build
                         {"CCACHE_MAXSIZE", "5G"},
                         {"GIT_CEILING_DIRECTORIES", place.source.parent_path().string()}};
  return command;
}

constexpr std::uint64_t kNearlyFull = 32u << 20;  // some programs do not say why they could not write

bool isFull(std::string_view text) {
  return text.find("No space left on device") != std::string_view::npos ||
         text.find("Disk quota exceeded") != std::string_view::npos;
}

// A step of the build that leaves an object: "  CC      fs/nfs/write.o", "  CC [M]  fs/nfs/write.o".
bool isObject(std::string_view line) {
  static constexpr std::array<std::string_view, 4> kSteps{"  CC ", "  AS ", "  LD ", "  AR "};
  return std::ranges::any_of(kSteps, [&](std::string_view step) { return line.starts_with(step); });
}

// Follows what make prints: writes the log, counts objects, and finds the first error.
class Listener {
 public:
  Listener(const BuildPlace& place, const BuildOptions& options, long total)
      : log_(logOf(place), std::ios::trunc), options_(options), total_(total) {}

  void hear(std::string_view line) {
    log_ << line << '\n';
    full_ = full_ || isFull(line);
    killed_ = killed_ || line.find("Killed signal terminated program") != std::string_view::npos;  // gcc of its parts
    if (isObject(line))
      count(line);
    else
      judge(line);
  }

  long objects() const { return objects_; }
  bool diskIsFull() const { return full_ || !log_.good(); }
  bool compilerWasKilled() const { return killed_; }
  std::string firstError() const {
    const auto said = std::ranges::find_if(errors_, [](const std::string& text) { return !text.empty(); });
    return said == errors_.end() ? "make said nothing" : *said;
  }

 private:
  void count(std::string_view line) {
    ++objects_;
    if (options_.onProgress)
      options_.onProgress({Stage::Build, objects_, total_ == 0 ? 0 : std::max(total_, objects_),
                           std::string(line.substr(line.rfind(' ') + 1))});
  }
  // From what says most to what says least.
  void judge(std::string_view line) {
    static constexpr std::array<std::string_view, 5> kSigns{"error:", "undefined reference", "No rule to make target",
                                                            "***", "rror"};
    for (std::size_t sign = 0; sign < kSigns.size(); ++sign)
      if (errors_[sign].empty() && line.find(kSigns[sign]) != std::string_view::npos) errors_[sign] = line;
  }

  std::ofstream log_;
  const BuildOptions& options_;
  long total_;
  long objects_ = 0;
  bool full_ = false;
  bool killed_ = false;
  std::array<std::string, 5> errors_;
};

// Objects of a whole build: of the last one here, else what the default configs were seen to have.
long expectedObjects(const std::string& line, const BuildPlace& place) {
  const long before = std::atol(readFileIfThere(place.history).c_str());
  if (before > 0) return before;
  return line.starts_with("4.") ? 1100 : 1270;
}

Failure buildFailure(const process::End& end, const Listener& listener, const BuildPlace& place,
                     const BuildOptions& options) {
  if (std::holds_alternative<process::DeadlinePassed>(end))
    return {FailureKind::Exhausted,
            fmt::format("the kernel was not built within {} s (deadlines.build)", options.deadline.count())};
  if (listener.diskIsFull() || fs::space(place.output).available < kNearlyFull)
    return {FailureKind::Exhausted,
            fmt::format("no space left on the disk of {} while the kernel was built", place.output.string())};
  if (const auto* killed = std::get_if<process::Killed>(&end); killed != nullptr || listener.compilerWasKilled())
    return {FailureKind::Exhausted,
            killed != nullptr ? fmt::format("make was killed by signal {} while the kernel was built", killed->signal)
                              : "a compiler was killed while the kernel was built",
            "if memory ran out: fewer --make-jobs, or end other programs"};
  return {FailureKind::BuildFailed,
          fmt::format("the kernel does not compile: {}\nfull log: {}", listener.firstError(), logOf(place).string())};
}

Result<std::string> firstLineOfVersion(const std::string& program, const std::stop_token& stop) {
  auto output = process::runChecked({.argv = {program, "--version"}}, {.stop = stop});
  if (!output) return fail(output.error().kind, output.error().message, "apt-get install gcc-aarch64-linux-gnu");
  return output->standardOutput.substr(0, output->standardOutput.find('\n'));
}

}  // namespace

fs::path imageOf(const BuildPlace& place) {
  return place.output / "arch/arm64/boot/Image";
}
fs::path vmlinuxOf(const BuildPlace& place) {
  return place.output / "vmlinux";
}
fs::path dotConfigOf(const BuildPlace& place) {
  return place.output / ".config";
}
fs::path logOf(const BuildPlace& place) {
  return place.output / "relapse-build.log";
}

Result<std::string> toolchain(const std::stop_token& stop) {
  auto compiler = firstLineOfVersion(fmt::format("{}gcc", kCross), stop);
  if (!compiler) return compiler;
  auto linker = firstLineOfVersion(fmt::format("{}ld", kCross), stop);
  if (!linker) return linker;
  return *compiler + "\n" + *linker;
}

bool forgetObjectsOfTheFuture(const BuildPlace& place) {
  if (!isThere(place.output)) return false;
  const fs::path clock = place.output / "relapse.now";
  writeFile(clock, "");
  const auto now = fs::last_write_time(clock);  // a shared folder's files have its server's time
  for (const auto& entry : fs::recursive_directory_iterator(place.output)) {
    if (entry.is_symlink() || entry.last_write_time() <= now) continue;
    fs::remove_all(place.output);
    return true;
  }
  return false;
}

Result<void> configure(const std::vector<AskedOption>& asked, const std::string& kconfig, const BuildPlace& place,
                       const BuildOptions& options) {
  const std::string text = fragmentText(asked);
  const fs::path fragment = place.output / "relapse.fragment";
  const fs::path stamp = place.output / "relapse.configured";
  const std::string now = sha256OfFields({text, kconfig});
  if (readFileIfThere(stamp) == now && isThere(dotConfigOf(place))) return {};
  fs::remove(stamp);
  writeFile(fragment, text);
  process::Command command = make(place, options, {"allnoconfig"});
  command.environment["KCONFIG_ALLCONFIG"] = fragment.string();
  auto made =
      process::runChecked(command, {.deadline = options.deadline, .stop = options.stop}, FailureKind::BuildFailed);
  if (!made)
    return passOn(isFull(made.error().message) ? Failure{FailureKind::Exhausted, made.error().message} : made.error());
  if (const std::string lost = lostOptions(asked, readFile(dotConfigOf(place))); !lost.empty())
    return fail(FailureKind::BadInput, lost, "look at the option's `depends on` in the source's Kconfig files");
  writeFile(stamp, now);
  return {};
}

Result<void> compile(const std::string& line, const BuildPlace& place, const BuildOptions& options) {
  const bool whole = !isThere(vmlinuxOf(place));
  Listener listener(place, options, whole ? expectedObjects(line, place) : 0);
  std::vector<std::string> targets{"Image", "vmlinux"};
  if (hasModules(readFile(dotConfigOf(place)))) targets.push_back("modules");
  const auto output = process::run(make(place, options, std::move(targets)),
                                   {.onLine = [&](process::Stream, std::string_view said) { listener.hear(said); },
                                    .deadline = options.deadline,
                                    .stop = options.stop,
                                    .keepBytes = 0});
  if (!output) return passOn(output.error());
  if (!output->succeeded()) return passOn(buildFailure(output->end, listener, place, options));
  if (whole) writeFile(place.history, std::to_string(listener.objects()));
  return {};
}

}  // namespace relapse::kernel
