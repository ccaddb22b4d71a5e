// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/minimize_report.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "campaign/search_report.hpp"

namespace relapse::campaign {
namespace {

using Json = nlohmann::ordered_json;

std::string outcome(const MinimizeReport& report) {
  const auto& result = report.result;
  const auto taken =
      std::count_if(result.steps.begin(), result.steps.end(), [](const auto& step) { return step.taken; });
  std::string out = fmt::format("{} of {} reductions were taken in {} tries", taken, result.steps.size(), result.tries);
  if (result.refused > 0) out += fmt::format(" ({} more the scenario's format refuses)", result.refused);
  out += result.complete ? "; nothing more can be taken out\n" : "; the rest was not tried\n";
  return out;
}

std::string fresh(const MinimizeResult& result) {
  std::string out = fmt::format("the scenario as it was: {}\nminimized, in fresh tries: {}\n", inWords(result.original),
                                inWords(result.fresh));
  if (result.fresh.tries > 0 && result.fresh.hits == 0)
    out += "the minimized scenario did not show the bug again: do not rely on it\n";
  return out;
}

}  // namespace

std::string line(const ReductionRecord& record) {
  const std::string why = record.why.empty() ? std::string() : "  " + record.why.substr(0, record.why.find('\n'));
  return fmt::format("{:<9} {:<60} {:>5}{}",
                     record.taken         ? "taken"
                     : record.why.empty() ? "needed"
                                          : "left in",
                     record.story, fmt::format("{}/{}", record.count.hits, record.count.tries), why);
}

std::string text(const MinimizeReport& report) {
  const auto& result = report.result;
  std::string out;
  if (result.failure) out += fmt::format("broken off: {}\n", result.failure->message);
  if (result.original.hits == 0) return out;
  out += outcome(report) + fresh(result);
  if (!report.file.empty()) out += fmt::format("written: {}\n", report.file.string());
  return out;
}

nlohmann::ordered_json json(const MinimizeReport& report) {
  const auto& result = report.result;
  const auto count = [](statistics::Count c) { return Json{{"tries", c.tries}, {"reproduced", c.hits}}; };
  Json steps = Json::array();
  for (const auto& step : result.steps) {
    Json one{{"reduction", step.story}, {"taken", step.taken}};
    one.update(count(step.count));
    if (!step.why.empty()) one["why"] = step.why;
    steps.push_back(std::move(one));
  }
  return {{"kind", "minimize"},
          {"scenario", report.scenario},
          {"ending", word(result.ending)},
          {"failure", result.failure ? Json(result.failure->message) : Json(nullptr)},
          {"complete", result.complete},
          {"tries", result.tries},
          {"refused", result.refused},
          {"signatures", result.signatures},
          {"original", count(result.original)},
          {"fresh", count(result.fresh)},
          {"reductions", steps},
          {"file", report.file.empty() ? Json(nullptr) : Json(report.file.string())}};
}

}  // namespace relapse::campaign
