// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/flood.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace relapse::console {
namespace {

// FNV-1a
constexpr std::uint64_t kBasis = 14695981039346656037u;
constexpr std::uint64_t kPrime = 1099511628211u;

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
  return (hash ^ value) * kPrime;
}

}  // namespace

std::uint64_t pathOf(const ConsoleEvent& event) {
  std::uint64_t hash = kBasis;
  for (const RawFrame& frame : event.frames) {
    for (const char c : frame.symbol) hash = mixed(hash, static_cast<unsigned char>(c));
    hash = mixed(hash, frame.offset.value_or(0));
    hash = mixed(hash, frame.symbol.size());
  }
  return hash;
}

void Floods::add(ConsoleEvent report, std::uint64_t path, Instant seen, bool quiet, Events& left) {
  if (again(path, {report.at, report.kernelTime, report.span}, seen)) return;
  if (floods_.size() >= kMostPaths) leave(1, left);
  floods_.push_back({std::move(report), path, seen, quiet});
}

bool Floods::again(std::uint64_t path, const LastReport& report, Instant seen) {
  const auto flood = std::find_if(floods_.begin(), floods_.end(), [&](const Flood& row) { return row.path == path; });
  if (flood == floods_.end()) return false;
  ++flood->event.count;
  flood->event.last = report;
  flood->seen = seen;
  flood->quiet = false;
  return true;
}

std::uint64_t Floods::pathThatBeginsAs(const ConsoleEvent& report) const {
  const auto& begin = report.frames;
  const auto same = [](const RawFrame& a, const RawFrame& b) { return a.symbol == b.symbol && a.offset == b.offset; };
  const auto flood = std::find_if(floods_.begin(), floods_.end(), [&](const Flood& row) {
    const auto& frames = row.event.frames;
    return frames.size() >= begin.size() && std::equal(begin.begin(), begin.end(), frames.begin(), same);
  });
  return flood == floods_.end() ? pathOf(report) : flood->path;
}

void Floods::close(Events& left) {
  leave(floods_.size(), left);
}

void Floods::tick(Instant now, Events& left) {
  expire(now, left);
  const auto stays = std::find_if(floods_.begin(), floods_.end(),
                                  [&](const Flood& flood) { return !flood.quiet && now - flood.seen < kQuiet; });
  leave(static_cast<std::size_t>(stays - floods_.begin()), left);
}

void Floods::expire(Instant now, Events& left) {
  const auto stays =
      std::find_if(floods_.begin(), floods_.end(), [&](const Flood& flood) { return now - flood.event.at < kLongest; });
  leave(static_cast<std::size_t>(stays - floods_.begin()), left);
}

void Floods::leave(std::size_t count, Events& left) {
  const auto past = floods_.begin() + static_cast<std::ptrdiff_t>(count);
  std::transform(floods_.begin(), past, std::back_inserter(left), [](Flood& flood) { return std::move(flood.event); });
  floods_.erase(floods_.begin(), past);
}

}  // namespace relapse::console
