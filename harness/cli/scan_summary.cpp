// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/scan_summary.hpp"

#include <algorithm>
#include <utility>

namespace relapse::cli {
namespace {

// Of a group with its place in the map; twice, in the log's groups and in those of all.
std::size_t roomOf(const std::string& signature) {
  return 2 * (sizeof(report::SignatureGroup) + 2 * signature.size() + 128);
}

void count(report::SignatureGroup& group, const console::ConsoleEvent& event) {
  group.kinds.insert(event.kind);
  if (group.events == 0) group.first = event.kernelTime;
  group.last = event.count > 1 ? event.last.kernelTime : event.kernelTime;
  group.events += 1;
  group.reports += event.count;
  group.artefacts += event.artefact == console::Artefact::None ? 0 : 1;
}

void merge(report::SignatureGroup& all, const report::SignatureGroup& one, bool newLog) {
  if (all.events == 0) all.first = one.first;
  all.last = one.last;
  all.kinds.insert(one.kinds.begin(), one.kinds.end());
  all.events += one.events;
  all.reports += one.reports;
  all.artefacts += one.artefacts;
  all.logs += newLog ? 1 : 0;
}

bool isFailing(const report::SignatureGroup& group) {
  return std::any_of(group.kinds.begin(), group.kinds.end(), [](auto kind) { return console::isFailing(kind); });
}

}  // namespace

bool ScanSummary::takeRoom(std::size_t bytes) {
  if (bytes_ + bytes > kMostBytes) return false;
  bytes_ += bytes;
  return true;
}

void ScanSummary::add(const console::ConsoleEvent& event, const Signatures::Bug& bug) {
  auto place = present_.find(bug);
  if (place == present_.end()) {
    if (!takeRoom(roomOf(bug.text))) {
      ++ungrouped_;
      return;
    }
    place = present_.emplace(bug, presentGroups_.size()).first;
    presentGroups_.emplace_back();
  }
  count(presentGroups_[place->second], event);
}

void ScanSummary::endLog(const Signatures& signatures) {
  std::vector<std::string> texts(presentGroups_.size());
  for (const auto& [bug, place] : present_) texts[place] = signatures.of(bug);
  std::vector<bool> ofThisLog(groups_.size(), false);
  for (std::size_t i = 0; i < presentGroups_.size(); ++i) {
    const auto [place, isNew] = all_.try_emplace(texts[i], groups_.size());
    if (isNew) {
      groups_.push_back({.signature = texts[i]});
      ofThisLog.push_back(false);
    }
    merge(groups_[place->second], presentGroups_[i], !ofThisLog[place->second]);
    ofThisLog[place->second] = true;
  }
  present_.clear();
  presentGroups_.clear();
  bytes_ = 0;
  for (const auto& group : groups_) bytes_ += roomOf(group.signature);
}

std::vector<report::SignatureGroup> ScanSummary::takeGroups() {
  all_.clear();
  bytes_ = 0;
  auto groups = std::exchange(groups_, {});
  std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
    return std::pair(!isFailing(a), b.reports) < std::pair(!isFailing(b), a.reports);
  });
  return groups;
}

}  // namespace relapse::cli
