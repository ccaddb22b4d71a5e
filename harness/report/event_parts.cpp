// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/event_parts.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "report/json_parts.hpp"
#include "report/markup.hpp"
#include "report/page.hpp"

namespace relapse::report {
namespace {

constexpr std::size_t kMostEvents = 300;
constexpr std::size_t kMostFrames = 200;

std::string seconds(const std::optional<std::int64_t>& ms) {
  return ms ? fmt::format("{:.2f} s", static_cast<double>(*ms) / 1000) : std::string();
}

std::string whole(const Json& object, const char* key) {
  const auto value = wholeOf(object, key);
  return value ? std::to_string(*value) : std::string();
}

std::string task(const Json& event) {
  const std::string name = escaped(textOf(event, "task"));
  const std::string pid = whole(event, "pid");
  return pid.empty() ? name : fmt::format("{} (pid {})", name, pid);
}

std::string onHost(const Json& event) {
  const auto share = numberOf(part(event, "host"), "vcpu_share");
  if (!share) return {};
  return fmt::format("its vCPU ran {:.0f} % of that time on the host (load {:.1f})", 100 * *share,
                     numberOf(part(event, "host"), "load").value_or(0));
}

std::string inLog(const Json& event) {
  const Json& span = part(event, "span");
  const std::string node = textOf(event, "node");
  if (!span.is_array() || span.size() != 2 || !span[0].is_number_integer() || !span[1].is_number_integer() ||
      node.empty())
    return {};
  const std::string name = fmt::format("console.{}.log", node);
  return fmt::format("<a href=\"{}\">{}</a>, bytes {} to {}", linkTo(name), escaped(name), span[0].get<std::int64_t>(),
                     span[1].get<std::int64_t>());
}

std::string placeOf(const Json& event, const char* key) {
  const std::string text = textOf(part(event, key), "text");
  return text.empty() ? text : code(text);
}

std::string registers(const Json& event) {
  const Json& all = part(event, "registers");
  if (!all.is_object() || all.empty()) return {};
  std::string text;
  std::size_t number = 0;
  for (const auto& [name, value] : all.items()) {
    text += fmt::format("{:>6} {:<18}", asciiLine(name), asciiLine(value.is_string() ? value.get<std::string>() : ""));
    text += ++number % 3 == 0 ? "\n" : "";
  }
  return details("Registers, as printed", preformatted(text));
}

}  // namespace

std::string traceMarkup(const Json& frames) {
  std::string out;
  std::size_t shown = 0;
  const auto all = frameLines(frames);
  for (const auto& frame : all) {
    if (shown++ == kMostFrames) break;
    out += shown == 1 ? "<li class=\"first\">" : "<li>";
    for (const auto& call : frame.inlined) out += fmt::format("<span class=\"inl\">{} (inlined)</span>", escaped(call));
    out += fmt::format("<span class=\"fn\">{}</span><span class=\"at\">{}</span></li>\n", escaped(frame.text),
                       escaped(frame.place));
  }
  if (all.size() > kMostFrames) out += fmt::format("<li>... {} more</li>\n", all.size() - kMostFrames);
  return out.empty() ? out : fmt::format("<ol class=\"trace\" aria-label=\"Trace, innermost first\">\n{}</ol>\n", out);
}

std::string eventMarkup(const Json& event) {
  const std::string artefact = textOf(event, "artefact");
  const auto count = wholeOf(event, "count").value_or(1);
  const auto time = numberOf(event, "time");
  const std::string message = textOf(event, "message");
  std::string out;
  if (!message.empty()) out += fmt::format("<pre class=\"wrap\">{}</pre>\n", escaped(message));
  out += facts({{"kind", escaped(textOf(event, "event"))},
                {"node", escaped(textOf(event, "node"))},
                {"seen after", seconds(wholeOf(event, "at_ms"))},
                {"kernel time", time ? fmt::format("{:.6f} s", *time) : ""},
                {"CPU", whole(event, "cpu")},
                {"task", task(event)},
                {"reports", count > 1 ? std::to_string(count) : ""},
                {"artefact", artefact.empty() ? "" : badge(Tone::Warn, artefact)},
                {"host", onHost(event)},
                {"pc", placeOf(event, "pc")},
                {"lr", placeOf(event, "lr")},
                {"taint", escaped(textOf(event, "taint"))},
                {"log", inLog(event)}});
  return out + traceMarkup(listOf(event, "frames")) + registers(event);
}

std::string otherEvents(const Json& result) {
  const auto decisive = decisiveEvents(result);
  const Json& events = listOf(result, "events");
  std::string out;
  for (std::size_t i = 0; i < events.size() && i < kMostEvents; ++i) {
    if (std::ranges::find(decisive, i) != decisive.end()) continue;
    const auto count = wholeOf(events[i], "count").value_or(1);
    const std::string summary =
        fmt::format("{}  {}: {}{}", seconds(wholeOf(events[i], "at_ms")), textOf(events[i], "event"),
                    textOf(events[i], "title"), count > 1 ? fmt::format(" ({}x)", count) : "");
    out += fmt::format("<div id=\"event-{}\">{}</div>\n", i, details(summary, eventMarkup(events[i])));
  }
  if (events.size() > kMostEvents)
    out += fmt::format("<p class=\"muted\">{} more in result.json</p>\n", events.size() - kMostEvents);
  return out;
}

}  // namespace relapse::report
