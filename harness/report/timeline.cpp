// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/timeline.hpp"

#include "report/event_json.hpp"

namespace relapse::report {

std::string timelineJson(const TimelineEntry& entry) {
  Json out{{"at_ms", entry.at.count()}};
  if (!entry.node.empty()) out["node"] = entry.node;
  out["what"] = entry.what;
  out["text"] = entry.text;
  if (entry.guestTime) out["guest_time"] = *entry.guestTime;
  return dumped(out);
}

}  // namespace relapse::report
