// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/event_json.hpp"

#include <string>

namespace relapse::report {

Json frameJson(const console::RawFrame& frame) {
  Json out{{"symbol", frame.symbol}};
  if (frame.offset) out["offset"] = *frame.offset;
  if (frame.size) out["size"] = *frame.size;
  if (!frame.module.empty()) out["module"] = frame.module;
  if (!frame.marks.empty()) out["marks"] = frame.marks;
  if (!frame.reliable) out["reliable"] = false;
  out["text"] = frame.text;
  return out;
}

Json framesJson(const console::ConsoleEvent& event) {
  Json out = Json::array();
  for (const auto& frame : event.frames) out.push_back(frameJson(frame));
  return out;
}

Json registersJson(const console::ConsoleEvent& event) {
  Json out = Json::object();
  for (const auto& [name, value] : event.registers) out.emplace(name, value);  // printed twice: the first counts
  return out;
}

Json artefactJson(const console::ConsoleEvent& event) {
  return event.artefact == console::Artefact::None ? Json(nullptr) : Json(std::string(name(event.artefact)));
}

Json spanJson(const console::LogSpan& span) {
  return Json::array({span.first, span.past});
}

std::string dumped(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace relapse::report
