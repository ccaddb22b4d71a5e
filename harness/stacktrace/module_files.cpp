// SPDX-License-Identifier: GPL-2.0-or-later
#include "stacktrace/module_files.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace relapse::stacktrace {
namespace {

constexpr std::size_t kLeastDigits = 16;

bool isHexadecimal(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

ModuleFiles::ModuleFiles(const std::filesystem::path& folder, std::string release, SourcePaths paths)
    : path_(folder), release_(std::move(release)), paths_(std::move(paths)) {}

Result<DecodedFile*> ModuleFiles::find(const std::string& name, const std::string& buildId) {
  const auto key = std::pair(name, buildId);
  auto known = opened_.find(key);
  if (known == opened_.end()) known = opened_.emplace(key, open(name, buildId)).first;
  if (!known->second) return passOn(known->second.error());
  return known->second->get();
}

// The first file that is the right one and has debug information; else the first reason why there is none.
Result<std::unique_ptr<DecodedFile>> ModuleFiles::open(const std::string& name, const std::string& buildId) {
  if (path_.empty())
    return fail(FailureKind::BadInput, fmt::format("module {}: no folder with modules is given (--modules)", name));
  if (!folder_) folder_ = std::make_unique<ModuleFolder>(path_);
  const auto files = folder_->filesOf(name);
  if (files.empty())
    return fail(FailureKind::BadInput, fmt::format("module {0}: no {0}.ko below {1}", name, path_.string()));
  std::optional<Failure> reason;
  for (const auto& file : files) {
    auto module = DecodedFile::openModule(file, name, *folder_, paths_);
    Result<void> checked = module ? check(**module, buildId) : Result<void>(passOn(module.error()));
    if (checked) return module;
    if (!reason) reason = checked.error();
  }
  reason->message = fmt::format("module {}: {}", name, reason->message);
  return passOn(*reason);
}

Result<void> ModuleFiles::check(DecodedFile& module, const std::string& buildId) {
  ObjectFile& file = module.file();
  const auto refuse = [&](const std::string& expected, const std::string& found) {
    return fail(FailureKind::BadInput, fmt::format("{}: expected {}, found {}", file.path().string(), expected, found));
  };
  if (!buildId.empty()) {
    if (file.buildId() == buildId) return {};
    return refuse("build-id " + buildId, file.buildId().empty() ? "none" : file.buildId());
  }
  const std::string magic = file.moduleInfo("vermagic");
  const std::string release = magic.substr(0, magic.find(' '));
  if (!release_.empty() && !release.empty() && release != release_) return refuse("release " + release_, release);
  return {};
}

std::string moduleBuildId(std::string_view frame) {
  const std::size_t open = frame.rfind('[');
  const std::size_t blank = frame.find(' ', open == std::string_view::npos ? frame.size() : open);
  const std::size_t close = frame.find(']', blank == std::string_view::npos ? frame.size() : blank);
  if (close == std::string_view::npos) return {};
  const std::string_view id = frame.substr(blank + 1, close - blank - 1);
  return id.size() >= kLeastDigits && isHexadecimal(id) ? std::string(id) : std::string();
}

}  // namespace relapse::stacktrace
