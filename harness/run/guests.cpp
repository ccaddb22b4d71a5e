// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/guests.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "guest/module_image.hpp"
#include "guest/root_image.hpp"

namespace relapse::run {
namespace {

namespace fs = std::filesystem;
using Archives = std::vector<fs::path>;

bool runsOn(const std::vector<std::string>& on, const std::string& node) {
  return std::ranges::find(on, node) != on.end();
}

// What a shell step may call, and the part that has it.
struct Tool {
  std::string_view program;
  std::string_view part;
};
constexpr std::array kTools{Tool{"mke2fs", "ext4"},      Tool{"mkfs.ext4", "ext4"}, Tool{"mkfs.xfs", "xfs"},
                            Tool{"mkfs.btrfs", "btrfs"}, Tool{"tc", "traffic"},     Tool{"fio", "fio"}};

// Whether a shell's text has that word: "mkfs.xfs -q /dev/loop0", "(/usr/sbin/tc qdisc)"; "etc" is no tc.
bool names(std::string_view text, std::string_view word) {
  constexpr std::string_view kOthers = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || kOthers.find(text[at - 1]) == std::string_view::npos;
    const auto end = at + word.size();
    if (begins && (end == text.size() || kOthers.find(text[end]) == std::string_view::npos)) return true;
  }
  return false;
}

Result<Archives> archivesFor(const RunRequest& request, const std::string& node, const kernel::KernelImage& kernel) {
  const auto& places = request.places;
  if (const auto ready = request.archives.find(node); ready != request.archives.end()) return ready->second;
  std::vector<guest::RootRecipe> recipes{
      {places.guestScripts / "packages.txt", places.guestScripts / "root-files.txt", places.guestOverlay}};
  for (const auto& part : partsOf(request.scenario, node))
    recipes.push_back({places.guestScripts / "parts" / (part + ".packages"),
                       places.guestScripts / "parts" / (part + ".files"), fs::path()});
  Archives archives;
  for (const auto& recipe : recipes) {
    auto root = guest::makeRootImage(recipe, places.cache, request.stop);
    if (!root) return passOn(root.error());
    archives.push_back(root->file);
  }
  if (kernel.modules.empty()) return archives;
  auto modules =
      guest::makeModuleImage({kernel.modules, kernel.release, kernel.modulesSha256}, places.cache, request.stop);
  if (!modules) return passOn(modules.error());
  archives.push_back(*modules);
  return archives;
}

Result<void> layCables(const scenario::Scenario& scenario, Guests& guests) {
  if (!scenario.nodes.contains("server")) return {};
  const auto specOf = [&](const std::string& name) {
    return std::ranges::find(guests.specs, name, &guest::GuestSpec::node);
  };
  int number = 0;
  for (const auto& client : scenario::clientsOf(scenario)) {
    auto cable = guest::Cable::lay(++number);
    if (!cable) return passOn(cable.error());
    specOf(client)->links.push_back(cable->client());
    specOf("server")->links.push_back(cable->server());
    guests.cables.push_back(std::move(*cable));
  }
  return {};
}

}  // namespace

std::set<std::string> partsOf(const scenario::Scenario& scenario, const std::string& node) {
  std::set<std::string> parts;
  if (scenario.nfs && node == scenario::serverOf(scenario) && scenario.nfs->exported.filesystem != "tmpfs")
    parts.insert(scenario.nfs->exported.filesystem);
  for (const auto& step : scenario.steps) {
    const auto* fault = std::get_if<scenario::FaultStep>(&step);
    if (fault != nullptr && runsOn(fault->on, node) && fault->fault.name.starts_with("packet-"))
      parts.insert("traffic");
    const auto* work = std::get_if<scenario::WorkStep>(&step);
    if (work != nullptr && runsOn(work->on, node) && work->program == "fio") parts.insert("fio");
    const auto* shell = std::get_if<scenario::ShellStep>(&step);
    if (shell == nullptr || !runsOn(shell->on, node)) continue;
    for (const Tool& tool : kTools)
      if (names(shell->command, tool.program)) parts.emplace(tool.part);
  }
  return parts;
}

Result<Guests> prepareGuests(const RunRequest& request, const report::RunRecord& record, const std::string& id) {
  Guests guests;
  for (const auto& [name, node] : request.scenario.nodes) {
    const auto& kernel = report::kernelOf(record, name);
    auto archives = archivesFor(request, name, kernel);
    if (!archives) return passOn(archives.error());
    guest::GuestSpec spec;
    spec.node = name;
    spec.hardware = node;
    spec.kernel = kernel.image;
    spec.archives = std::move(*archives);
    guests.specs.push_back(std::move(spec));
  }
  if (auto laid = layCables(request.scenario, guests); !laid) return passOn(laid.error());
  const auto& nfs = request.scenario.nfs;
  if (!nfs || nfs->exported.medium != "image") return guests;
  const fs::path disk = request.scratch / (id + ".disk");
  if (auto made = guest::makeDisk(disk, nfs->exported.size.value); !made) return passOn(made.error());
  guests.disks.emplace_back(disk);
  std::ranges::find(guests.specs, scenario::serverOf(request.scenario), &guest::GuestSpec::node)->disk = disk;
  return guests;
}

}  // namespace relapse::run
