// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/preflight.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "scenario/vocabulary.hpp"

namespace relapse::run {
namespace {

struct Need {
  std::string option;
  std::string what;      // "fault packet-loss"
  std::string fragment;  // of kernel-configs/
};

struct FilesystemNeed {
  std::string_view filesystem;
  std::string_view option;
};
constexpr std::array kFilesystems{FilesystemNeed{"tmpfs", "CONFIG_TMPFS"}, FilesystemNeed{"ext4", "CONFIG_EXT4_FS"},
                                  FilesystemNeed{"xfs", "CONFIG_XFS_FS"}, FilesystemNeed{"btrfs", "CONFIG_BTRFS_FS"}};

struct OptionHome {
  std::string_view option;
  std::string_view fragment;
};
constexpr std::array kHomes{OptionHome{"CONFIG_NET_SCH_NETEM", "faults"}, OptionHome{"CONFIG_FAIL_SUNRPC", "faults"},
                            OptionHome{"CONFIG_HOTPLUG_CPU", "faults"},   OptionHome{"CONFIG_LKDTM", "debug"},
                            OptionHome{"CONFIG_SUNRPC_DEBUG", "nfs"},     OptionHome{"CONFIG_QFMT_V2", "filesystems"}};

std::string homeOf(std::string_view option) {
  const auto found = std::ranges::find(kHomes, option, &OptionHome::option);
  return found == kHomes.end() ? std::string() : std::string(found->fragment);
}

std::set<std::string> optionsSetIn(const std::filesystem::path& config) {
  std::set<std::string> set;
  std::ifstream file(config);
  for (std::string line; std::getline(file, line);) {
    const auto equals = line.find('=');
    if (line.starts_with("CONFIG_") && equals != std::string::npos && line[equals + 1] != 'n')
      set.insert(line.substr(0, equals));
  }
  return set;
}

void addFaults(const scenario::Scenario& scenario, const std::string& node, std::vector<Need>& needs) {
  for (const auto& step : scenario.steps) {
    const auto* fault = std::get_if<scenario::FaultStep>(&step);
    if (fault == nullptr || std::ranges::find(fault->on, node) == fault->on.end()) continue;
    const auto& kind = *std::ranges::find(scenario::kFaults, fault->fault.name, &scenario::FaultKind::name);
    if (kind.options.empty()) continue;
    const std::string option(kind.options);
    needs.push_back({option, "fault " + fault->fault.name, homeOf(option)});
  }
}

void addExport(const scenario::Scenario& scenario, const std::string& node, std::vector<Need>& needs) {
  if (!scenario.nfs) return;
  if (node != "server") needs.push_back({"CONFIG_NFS_FS", "an NFS mount", "nfs"});
  if (node != scenario::serverOf(scenario)) return;
  const auto& exported = scenario.nfs->exported;
  const auto kind = std::ranges::find(kFilesystems, exported.filesystem, &FilesystemNeed::filesystem);
  needs.push_back({"CONFIG_NFSD", "an NFS export", "nfs"});
  needs.push_back({std::string(kind->option), "nfs.export.filesystem " + exported.filesystem, "filesystems"});
  if (exported.medium == "image") needs.push_back({"CONFIG_VIRTIO_BLK", "nfs.export.medium image", "filesystems"});
  if (exported.quota) needs.push_back({"CONFIG_QUOTA", "nfs.export.quota", "filesystems"});
}

void addProbes(const scenario::Probes& probes, const std::string& node, std::vector<Need>& needs) {
  if (std::ranges::find(probes.on, node) == probes.on.end()) return;
  for (const auto& probe : probes.events)
    needs.push_back(probe.kind == scenario::Probe::Kind::Tracepoint
                        ? Need{"CONFIG_EVENT_TRACING", "probe " + probe.name, "probes"}
                        : Need{"CONFIG_KPROBE_EVENTS", "probe " + probe.name, "probes"});
  if (!probes.rpcdebug.empty()) needs.push_back({"CONFIG_SUNRPC_DEBUG", "probes.rpcdebug", "nfs"});
  if (!probes.dynamicDebug.empty()) needs.push_back({"CONFIG_DYNAMIC_DEBUG", "probes.dynamic-debug", "probes"});
}

std::vector<Need> needsOf(const scenario::Scenario& scenario, const std::string& node) {
  std::vector<Need> needs;
  if (scenario.nodes.contains("server")) needs.push_back({"CONFIG_VIRTIO_NET", "nodes.server", "nfs"});
  addFaults(scenario, node, needs);
  addExport(scenario, node, needs);
  addProbes(scenario.probes, node, needs);
  return needs;
}

}  // namespace

Result<void> checkKernelOptions(const scenario::Scenario& scenario, const std::string& node,
                                const std::filesystem::path& config) {
  if (config.empty()) return {};
  const auto set = optionsSetIn(config);
  std::vector<std::string> missing;
  std::set<std::string> fragments;
  for (const auto& need : needsOf(scenario, node)) {
    if (set.contains(need.option)) continue;
    missing.push_back(fmt::format("{}: {} needs {}, which the kernel of {} does not have",
                                  scenario.file.filename().string(), need.what, need.option, node));
    if (!need.fragment.empty()) fragments.insert(need.fragment);
  }
  if (missing.empty()) return {};
  return fail(FailureKind::BadInput, fmt::format("{}", fmt::join(missing, "\n")),
              fragments.empty() ? std::string("another kernel: kernels of some ages alone have it")
                                : fmt::format("kernel.config with {} in it", fmt::join(fragments, ", ")));
}

}  // namespace relapse::run
