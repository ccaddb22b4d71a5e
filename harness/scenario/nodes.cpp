// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <cstdint>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "scenario/reading.hpp"

namespace relapse::scenario {
namespace {

namespace fs = std::filesystem;
using document::Errors;
using document::Settings;

std::optional<fs::path> readSeries(const Settings& settings, const std::string& key, const fs::path& file,
                                   Errors& errors) {
  const auto text = settings.get<std::string>(key);
  const auto refuse = [&](std::string_view why) -> std::optional<fs::path> {
    errors.add(settings.place(key), key,
               fmt::format("expected a folder below the scenario file's own, found {}{}", document::quote(text), why));
    return std::nullopt;
  };
  std::error_code error;
  const fs::path home = fs::weakly_canonical(file.parent_path(), error);
  const fs::path series = fs::weakly_canonical(home / text, error);
  if (error) return refuse(fmt::format(", {}", std::generic_category().message(error.value())));
  if (fs::path(text).is_absolute()) return refuse(", an absolute path");
  const fs::path inside = series.lexically_relative(home);
  if (inside.empty() || inside == "." || *inside.begin() == "..") return refuse(", which leads out of it");
  if (!fs::exists(series, error)) return refuse(", which does not exist");
  if (!fs::is_directory(series, error)) return refuse(", which is no folder");
  return series;
}

// Keys that are left out are those of `other`.
Kernel readKernelAt(const Settings& settings, const std::string& at, Kernel other, const fs::path& file,
                    Errors& errors) {
  if (settings.has(at + ".source")) other.sources = settings.get<Words>(at + ".source");
  if (settings.has(at + ".config")) other.config = settings.get<Words>(at + ".config");
  if (settings.has(at + ".series")) other.series = readSeries(settings, at + ".series", file, errors);
  return other;
}

Node readNode(const Settings& settings, const std::string& at) {
  Node node;
  node.cpus = static_cast<int>(settings.get<std::int64_t>(at + ".cpus"));
  node.memory = {settings.get<std::uint64_t>(at + ".memory")};
  node.cpu = settings.get<std::string>(at + ".cpu");
  node.reachesHost = settings.get<bool>(at + ".reaches-host");
  return node;
}

// The nodes as an error lists them.
Words namesOf(const Scenario& scenario) {
  Words names;
  for (const auto& [name, node] : scenario.nodes) names.push_back(name);
  return names;
}

}  // namespace

Kernel readKernel(const Settings& settings, const fs::path& file, Errors& errors) {
  return readKernelAt(settings, "kernel", {}, file, errors);
}

std::map<std::string, Node> readNodes(const Settings& settings, const Kernel& kernel, const fs::path& file,
                                      Errors& errors) {
  std::map<std::string, Node> nodes;
  const std::int64_t count = std::max<std::int64_t>(1, settings.get<std::int64_t>("nodes.client.count"));
  const bool hasServer = settings.isWritten("nodes.server");
  for (std::int64_t i = 1; i <= count; ++i)
    nodes[count == 1 ? "client" : fmt::format("client{}", i)] = readNode(settings, "nodes.client");
  if (count > 1 && !hasServer) {
    refuse(settings, "nodes.client.count", "a node `server` beside several clients", fmt::format("{}", count), errors);
  }
  if (!hasServer) return nodes;
  nodes["server"] = readNode(settings, "nodes.server");
  if (settings.has("nodes.server.kernel"))
    nodes["server"].kernel = readKernelAt(settings, "nodes.server.kernel", kernel, file, errors);
  if (!settings.isWritten("nfs")) {
    errors.add(settings.place("nodes.server"), "nodes.server",
               "expected an nfs section in the scenario for a server, found none");
  }
  return nodes;
}

Words readOn(const Settings& settings, std::string_view path, const Scenario& scenario, Errors& errors) {
  Words nodes;
  const Words written = settings.get<Words>(path);
  for (std::size_t i = 0; i < written.size(); ++i) {
    const Words named = written[i] == "clients" ? clientsOf(scenario) : Words{written[i]};
    if (!scenario.nodes.contains(named.front())) {
      Words known = namesOf(scenario);
      known.emplace_back("clients");
      const std::vector<std::string_view> candidates(known.begin(), known.end());
      const std::string item = written.size() > 1 ? fmt::format("[{}]", i) : "";
      errors.add(settings.place(path, i), settings.key(path) + item,
                 fmt::format("expected {}{}, found {}{}", known.size() > 1 ? "one of " : "", fmt::join(known, ", "),
                             document::quote(written[i]), document::didYouMean(written[i], candidates)));
      continue;
    }
    for (const std::string& name : named)
      if (std::find(nodes.begin(), nodes.end(), name) == nodes.end()) nodes.push_back(name);
  }
  return nodes;
}

void refuse(const Settings& settings, std::string_view path, std::string_view expected, std::string_view found,
            Errors& errors) {
  errors.add(settings.place(path), settings.key(path),
             fmt::format("expected {}, found {}", expected, document::quote(found)));
}

}  // namespace relapse::scenario
