// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/decoded.hpp"

#include <fmt/format.h>

#include "report/terminal.hpp"

namespace relapse::report {
namespace {

std::string placeText(const stacktrace::SourcePlace& place) {
  if (place.file.empty()) return "line not known";
  return place.line == 0 ? place.file : fmt::format("{}:{}", place.file, place.line);
}

}  // namespace

std::string decodedText(const stacktrace::Frame& frame, std::size_t indent, const SourceLine& source) {
  const std::string blanks(indent, ' ');
  if (frame.calls.empty()) return fmt::format("{}undecoded: {}\n", blanks, plain(frame.undecoded));
  std::string out;
  for (const auto& call : frame.calls) {
    const bool inlined = &call != &frame.calls.back();
    out += fmt::format("{}{} ({}){}\n", blanks, plain(call.function), plain(placeText(call.place)),
                       inlined ? ", inlined" : "");
    const std::string text = source ? source(call.place) : std::string();
    if (!text.empty()) out += fmt::format("{}    | {}\n", blanks, plain(text));
  }
  return out;
}

Json callsJson(const stacktrace::Frame& frame, const SourceLine& source) {
  Json calls = Json::array();
  for (const auto& call : frame.calls) {
    Json one{{"function", call.function},
             {"file", call.place.file.empty() ? Json(nullptr) : Json(call.place.file)},
             {"line", call.place.line == 0 ? Json(nullptr) : Json(call.place.line)},
             {"inlined", &call != &frame.calls.back()}};
    if (const std::string text = source ? source(call.place) : std::string(); !text.empty()) one["source"] = text;
    calls.push_back(std::move(one));
  }
  return calls;
}

Json decodedJson(const stacktrace::Frame& frame, std::uint64_t line, std::optional<double> time,
                 const SourceLine& source) {
  Json out{{"log_line", line}, {"time", time ? Json(*time) : Json(nullptr)}};
  out.update(frameJson(frame.raw));
  out["calls"] = callsJson(frame, source);
  out["undecoded"] = frame.calls.empty() ? Json(frame.undecoded) : Json(nullptr);
  return out;
}

}  // namespace relapse::report
