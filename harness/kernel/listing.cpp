// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/listing.hpp"

#include <algorithm>
#include <array>

#include "kernel/hash.hpp"

namespace relapse::kernel {

namespace {

// kbuild's own products: Documentation/dontdiff names most of them.
constexpr std::array<std::string_view, 19> kEndings{
    ".o",  ".ko",     ".a",        ".cmd",     ".mod",         ".mod.c",   ".order",   ".dtb",   ".dtbo", ".gcno",
    ".su", ".so.dbg", ".symtypes", ".symvers", ".symversions", ".builtin", ".modinfo", ".dtb.S", ".s"};

constexpr std::array<std::string_view, 24> kNames{".config",
                                                  ".config.old",
                                                  ".version",
                                                  ".scmversion",
                                                  "Module.symvers",
                                                  "System.map",
                                                  "vmlinux",
                                                  "vmlinux.map",
                                                  "vmlinux.lds",
                                                  ".vmlinux.d",
                                                  "vmlinuz",
                                                  "Module.markers",
                                                  "modules.builtin.modinfo",
                                                  "modules.order",
                                                  "modules.builtin",
                                                  "modules.builtin.ranges",
                                                  ".missing-syscalls.d",
                                                  "cscope.out",
                                                  "tags",
                                                  "TAGS",
                                                  "vdso.lds",
                                                  "vdso32.lds",
                                                  "vdso.so",
                                                  ".thinlto-cache"};

constexpr std::array<std::string_view, 4> kFolders{"include/config/", "include/generated/", ".git/", "debian/build/"};

bool isGeneratedOfArchitecture(std::string_view path) {
  return path.starts_with("arch/") && path.find("/include/generated/") != std::string_view::npos;
}

}  // namespace

std::string fingerprint(const Listing& listing, const std::function<bool(std::string_view)>& counts) {
  checksum::Sha256 hash;
  for (const ListedFile& file : listing) {
    if (counts && !counts(file.path)) continue;
    hash.addField(file.path);
    hash.add({&file.kind, 1});
    hash.addField(file.content);
  }
  return hash.hex();
}

bool looksBuilt(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (std::ranges::find(kNames, name) != kNames.end() || name.starts_with(".tmp_")) return true;
  if (std::ranges::any_of(kEndings, [&](std::string_view end) { return name.ends_with(end); })) return true;
  if (path == ".git" || path.starts_with("arch/arm64/boot/Image")) return true;
  return isGeneratedOfArchitecture(path) ||
         std::ranges::any_of(kFolders, [&](std::string_view folder) { return path.starts_with(folder); });
}

}  // namespace relapse::kernel
