// SPDX-License-Identifier: GPL-2.0-or-later
#include <map>
#include <set>

#include <fmt/format.h>

#include "scenario/reading.hpp"

namespace relapse::scenario {
namespace {

using document::Errors;
using document::Settings;

constexpr std::size_t kMostOfName = 60;  // the kernel takes 63 bytes

// An identifier made from a function's name.
std::string identifierOf(std::string_view target, std::string_view ending) {
  std::string name(target.substr(0, kMostOfName - 10 - ending.size()));
  for (char& c : name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!fits) c = '_';
  }
  if (!name.empty() && name.front() >= '0' && name.front() <= '9') name.insert(0, "_");
  return name + std::string(ending);
}

Probe readProbe(const Settings& settings, Errors& errors) {
  Probe probe;
  const auto take = [&](const char* key, Probe::Kind kind) {
    if (!settings.isWritten(key)) return;
    probe.kind = kind;
    probe.target = settings.get<std::string>(key);
  };
  take("kprobe", Probe::Kind::Function);
  take("kretprobe", Probe::Kind::Return);
  take("tracepoint", Probe::Kind::Tracepoint);
  probe.name = settings.get<std::string>("name");
  probe.fetch = settings.get<Words>("fetch");
  probe.filter = settings.get<std::string>("filter");
  probe.stack = settings.get<bool>("stack");
  const auto refuseKey = [&](std::string_view key, std::string_view why) {
    errors.add(settings.place(key), settings.key(key), fmt::format("expected no such key for {}", why));
  };
  if (probe.kind == Probe::Kind::Tracepoint) {
    if (settings.isWritten("name")) refuseKey("name", "a tracepoint, which has its own");
    if (!probe.fetch.empty()) refuseKey("fetch", "a tracepoint, which prints what it has");
    probe.name = probe.target.substr(probe.target.find(':') + 1);
  }
  for (std::size_t i = 0; i < probe.fetch.size(); ++i) {
    if (probe.kind != Probe::Kind::Function || probe.fetch[i].find("$retval") == std::string::npos) continue;
    errors.add(settings.place("fetch", i), settings.key("fetch"),
               fmt::format("expected a kretprobe for $retval, found {}", document::quote(probe.fetch[i])));
  }
  return probe;
}

// What has no name gets one that no other has.
void nameTheOthers(std::vector<Probe>& probes, std::set<std::string>& names) {
  std::map<std::string, int> numbers;  // the last that was tried
  for (Probe& probe : probes) {
    if (!probe.name.empty()) continue;
    const std::string name = identifierOf(probe.target, probe.kind == Probe::Kind::Return ? "_return" : "");
    int& number = numbers.try_emplace(name, 1).first->second;
    probe.name = name;
    while (!names.insert(probe.name).second) probe.name = fmt::format("{}_{}", name, ++number);
  }
}

std::vector<Probe> readEvents(const Settings& settings, Errors& errors) {
  std::vector<Probe> probes;
  std::set<std::string> names;
  for (const Settings& event : settings.get<std::vector<Settings>>("probes.events")) {
    probes.push_back(readProbe(event, errors));
    const std::string& name = probes.back().name;
    if (name.empty() || names.insert(name).second) continue;
    const bool tracepoint = probes.back().kind == Probe::Kind::Tracepoint;
    refuse(event, tracepoint ? "tracepoint" : "name", "a name that no other probe has", name, errors);
  }
  nameTheOthers(probes, names);
  return probes;
}

}  // namespace

Probes readProbes(const Settings& settings, const Scenario& scenario, Errors& errors) {
  Probes probes;
  probes.events = readEvents(settings, errors);
  probes.rpcdebug = settings.get<Words>("probes.rpcdebug");
  probes.dynamicDebug = settings.get<Words>("probes.dynamic-debug");
  probes.sysctls = settings.get<Words>("probes.sysctls");
  probes.every = settings.get<std::chrono::milliseconds>("probes.every");
  probes.on = readOn(settings, "probes.on", scenario, errors);
  return probes;
}

}  // namespace relapse::scenario
