// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "document/types.hpp"
#include "scenario/reading.hpp"

namespace relapse::scenario {
namespace {

using document::describeSize;
using document::Errors;
using document::Settings;

struct Filesystem {
  std::string_view name;
  std::uint64_t least;   // that its mkfs takes
  std::uint64_t preset;  // when no size is said
  bool onImage;
  bool hasQuota;
};
constexpr std::array kFilesystems{
    Filesystem{"tmpfs", 4ull << 10, 64ull << 10, false, false},
    Filesystem{"ext4", 4ull << 20, 4ull << 20, true, true},
    Filesystem{"xfs", 300ull << 20, 300ull << 20, true, false},
    Filesystem{"btrfs", 128ull << 20, 128ull << 20, true, false},
};

const Filesystem& filesystemNamed(std::string_view name) {
  const auto* found = std::find_if(kFilesystems.begin(), kFilesystems.end(),
                                   [&](const Filesystem& filesystem) { return filesystem.name == name; });
  return found == kFilesystems.end() ? kFilesystems.front() : *found;
}

void checkSize(const Settings& settings, const Export& exported, const Scenario& scenario, Errors& errors) {
  const Filesystem& filesystem = filesystemNamed(exported.filesystem);
  const std::string found = describeSize(exported.size.value);
  if (exported.size.value < filesystem.least) {
    refuse(settings, "nfs.export.size",
           fmt::format("{} or more for {}", describeSize(filesystem.least), exported.filesystem), found, errors);
  }
  const std::string server = serverOf(scenario);
  const std::string memory = server == "server" ? "nodes.server.memory" : "nodes.client.memory";
  if (exported.medium != "ram" || !settings.has(memory)) return;
  const std::uint64_t bytes = scenario.nodes.at(server).memory.value;
  if (exported.size.value >= bytes) {
    refuse(settings, "nfs.export.size", fmt::format("less than {} ({}) on medium ram", memory, describeSize(bytes)),
           found, errors);
  }
}

Export readExport(const Settings& settings, const Scenario& scenario, Errors& errors) {
  Export exported;
  exported.filesystem = settings.get<std::string>("nfs.export.filesystem");
  exported.medium = settings.get<std::string>("nfs.export.medium");
  exported.full = settings.get<bool>("nfs.export.full");
  exported.readOnly = settings.get<bool>("nfs.export.read-only");
  exported.graceAtStart = settings.get<bool>("nfs.export.grace");
  if (settings.has("nfs.export.quota")) exported.quota = Bytes{settings.get<std::uint64_t>("nfs.export.quota")};
  const Filesystem& filesystem = filesystemNamed(exported.filesystem);
  const bool saysSize = settings.isWritten("nfs.export.size");
  exported.size = {saysSize ? settings.get<std::uint64_t>("nfs.export.size") : filesystem.preset};
  if (!settings.has("nfs.export.filesystem")) return exported;
  if (!saysSize || settings.has("nfs.export.size")) checkSize(settings, exported, scenario, errors);
  if (exported.medium == "image" && !filesystem.onImage)
    refuse(settings, "nfs.export.medium", fmt::format("ram for {}", exported.filesystem), "image", errors);
  if (exported.quota && !filesystem.hasQuota) {
    refuse(settings, "nfs.export.quota", fmt::format("no quota on {} (ext4 alone has one)", exported.filesystem),
           describeSize(exported.quota->value), errors);
  }
  return exported;
}

struct NumberOption {
  std::string_view name;
  std::int64_t least, most, step;
};
// nfs(5), and what fs/nfs accepts
constexpr std::array kNumberOptions{
    NumberOption{"timeo", 1, 6000, 1},          NumberOption{"retrans", 0, 1000, 1},
    NumberOption{"rsize", 1024, 1048576, 1024}, NumberOption{"wsize", 1024, 1048576, 1024},
    NumberOption{"nconnect", 1, 16, 1},         NumberOption{"actimeo", 0, 86400, 1},
};

// One of each can be said.
struct Rivals {
  std::string_view one, other;
};
constexpr std::array kRivals{Rivals{"hard", "soft"},  Rivals{"hard", "softerr"}, Rivals{"soft", "softerr"},
                             Rivals{"sync", "async"}, Rivals{"ro", "rw"},        Rivals{"lock", "nolock"},
                             Rivals{"ac", "noac"},    Rivals{"cto", "nocto"},    Rivals{"bg", "fg"}};

std::string_view nameOf(std::string_view option) {
  return option.substr(0, option.find('='));
}

// The one of `said` that this option cannot stand beside; empty: there is none.
std::string_view rivalOf(std::string_view option, const std::set<std::string_view>& said) {
  for (const Rivals& rivals : kRivals) {
    if (option == rivals.one && said.contains(rivals.other)) return rivals.other;
    if (option == rivals.other && said.contains(rivals.one)) return rivals.one;
  }
  return {};
}

// What is wrong with an option by itself; empty: nothing.
std::string expectedOf(std::string_view option) {
  const std::string_view name = nameOf(option);
  const std::string_view value = option.substr(std::min(name.size() + 1, option.size()));
  if (name == "sec" && value != "sys") return "sec=sys (there is no Kerberos here)";
  if (name == "bg") return "a mount that is waited for";
  const auto* row = std::find_if(kNumberOptions.begin(), kNumberOptions.end(),
                                 [&](const NumberOption& known) { return known.name == name; });
  if (row == kNumberOptions.end()) return {};
  const std::optional<std::int64_t> number = document::parseInteger(value);
  if (number && *number >= row->least && *number <= row->most && *number % row->step == 0) return {};
  const std::string step = row->step == 1 ? "" : fmt::format(" in steps of {}", row->step);
  return fmt::format("{}=N with N from {} to {}{}", name, row->least, row->most, step);
}

void checkOptions(const Settings& settings, const Words& options, Errors& errors) {
  constexpr std::string_view path = "nfs.mount.options";
  const auto wrong = [&](std::size_t at, std::string_view expected) {
    errors.add(settings.place(path, at), fmt::format("{}[{}]", path, at),
               fmt::format("expected {}, found {}", expected, document::quote(options[at])));
  };
  std::set<std::string_view> said;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const std::string_view name = nameOf(options[i]);
    const std::string expected = expectedOf(options[i]);
    const std::string_view rival = rivalOf(name, said);
    if (!expected.empty()) wrong(i, expected);
    if (!rival.empty()) wrong(i, fmt::format("nothing against {}", rival));
    if (!said.insert(name).second) wrong(i, fmt::format("{} once", name));
  }
}

}  // namespace

std::optional<Nfs> readNfs(const Settings& settings, const Scenario& scenario, Errors& errors) {
  if (!settings.has("nfs")) return std::nullopt;
  Nfs nfs;
  nfs.exported = readExport(settings, scenario, errors);
  nfs.mount = {settings.get<std::string>("nfs.mount.version"), settings.get<Words>("nfs.mount.options")};
  checkOptions(settings, nfs.mount.options, errors);
  return nfs;
}

}  // namespace relapse::scenario
