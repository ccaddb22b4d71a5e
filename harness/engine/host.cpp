// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/host.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace relapse::engine {

namespace {

namespace fs = std::filesystem;

std::string contentOf(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end == text.data()) return std::nullopt;
  return value;
}

// The number behind `key` at the head of a line.
std::optional<std::uint64_t> field(std::string_view text, std::string_view key) {
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    if (at != 0 && text[at - 1] != '\n') continue;
    const std::size_t first = text.find_first_not_of(" \t", at + key.size());
    if (first != std::string_view::npos) return number(text.substr(first));
  }
  return std::nullopt;
}

template <class T>
void lower(std::optional<T>& least, std::optional<T> other) {
  if (other) least = least ? std::min(*least, *other) : *other;
}

// The cache that a group can give back at any time is not in use.
std::optional<std::uint64_t> memoryLeft(std::optional<std::uint64_t> limit, std::optional<std::uint64_t> used,
                                        std::optional<std::uint64_t> cache) {
  if (!limit || !used) return std::nullopt;
  const std::uint64_t held = *used - std::min(*used, cache.value_or(0));
  return *limit - std::min(*limit, held);
}

std::optional<double> quota(std::string_view allowed, std::string_view period) {
  const auto have = number(allowed), of = number(period);
  if (!have || !of || *of == 0) return std::nullopt;  // "max" and "-1": no quota
  return static_cast<double>(*have) / static_cast<double>(*of);
}

void addVersion2(GroupLimits& limits, const fs::path& group) {
  const std::string max = contentOf(group / "cpu.max");
  const std::size_t space = std::min(max.find(' '), max.size());
  if (space < max.size()) lower(limits.cpus, quota(max.substr(0, space), max.substr(space + 1)));
  lower(limits.memory, memoryLeft(number(contentOf(group / "memory.max")), number(contentOf(group / "memory.current")),
                                  field(contentOf(group / "memory.stat"), "inactive_file ")));
}

void addVersion1Cpu(GroupLimits& limits, const fs::path& group) {
  lower(limits.cpus, quota(contentOf(group / "cpu.cfs_quota_us"), contentOf(group / "cpu.cfs_period_us")));
}

void addVersion1Memory(GroupLimits& limits, const fs::path& group) {
  lower(limits.memory, memoryLeft(number(contentOf(group / "memory.limit_in_bytes")),
                                  number(contentOf(group / "memory.usage_in_bytes")),
                                  field(contentOf(group / "memory.stat"), "total_inactive_file ")));
}

template <class Add>
void addUpwards(GroupLimits& limits, const fs::path& root, const std::string& group, Add add) {
  fs::path at = root / fs::path(group).relative_path();
  add(limits, at);
  while (at != root && at.has_relative_path() && at.parent_path() != at && at.string().size() > root.string().size()) {
    at = at.parent_path();
    add(limits, at);
  }
}

bool lists(const std::string& controllers, const std::string& name) {
  return ("," + controllers + ",").find("," + name + ",") != std::string::npos;
}

int affinity() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return std::max(CPU_COUNT(&set), 1);
  return static_cast<int>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L));  // a host with more than 1024
}

}  // namespace

std::uint64_t memoryAvailable(std::string_view meminfo) {
  return field(meminfo, "MemAvailable:").value_or(0) * 1024;
}

GroupLimits groupLimits(std::string_view membership, const fs::path& root) {
  GroupLimits limits;
  std::istringstream lines{std::string(membership)};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), group = line.substr(second + 1);
    if (controllers.empty()) addUpwards(limits, root, group, addVersion2);
    if (lists(controllers, "cpu")) addUpwards(limits, root / "cpu", group, addVersion1Cpu);
    if (lists(controllers, "memory")) addUpwards(limits, root / "memory", group, addVersion1Memory);
  }
  return limits;
}

Size hostSize() {
  const GroupLimits limits = groupLimits(contentOf("/proc/self/cgroup"), "/sys/fs/cgroup");
  Size size{affinity(), memoryAvailable(contentOf("/proc/meminfo"))};
  if (limits.cpus) size.cpus = std::clamp(static_cast<int>(std::lround(*limits.cpus)), 1, size.cpus);
  if (limits.memory) size.memory = std::min(size.memory, *limits.memory);
  return size;
}

}  // namespace relapse::engine
