// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/search_report.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "statistics/rates.hpp"

namespace relapse::campaign {
namespace {

using statistics::Count;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMostRows = 25;
constexpr double kBeyondChance = 0.05;

long percent(double rate) {
  return std::lround(rate * 100);
}

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1000);
}

std::optional<std::chrono::milliseconds> median(std::vector<std::chrono::milliseconds> times) {
  if (times.empty()) return std::nullopt;
  std::sort(times.begin(), times.end());
  const auto middle = times.size() / 2;
  return times.size() % 2 == 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
}

std::string labelOf(const SearchReport& report, std::size_t setting) {
  const auto& candidate = report.plan.settings[setting].candidate;
  if (setting != 0) return candidate.label;
  return candidate.label.empty() ? "the scenario as it is" : candidate.label + " (as it is)";
}

// The settings, those with the highest likely rate first.
std::vector<std::size_t> ranked(const SearchResult& result) {
  std::vector<std::size_t> order(result.records.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto key = [&](std::size_t i) {
      const auto& record = result.records[i];
      return std::pair{record.count.tries > 0, statistics::likelyRate(record.count, 0.25)};
    };
    return key(a) > key(b);
  });
  return order;
}

// All tries of the search with that value.
Count pooled(const SearchReport& report, std::size_t knob, std::size_t value) {
  Count sum;
  for (std::size_t i = 0; i < report.result.records.size(); ++i) {
    const auto& choice = report.plan.settings[i].choice;
    if (knob < choice.size() && choice[knob] == value) sum += report.result.records[i].count;
  }
  return sum;
}

std::string table(const SearchReport& report) {
  const auto order = ranked(report.result);
  std::size_t width = 8;
  std::size_t shown = 0;
  for (const auto i : order) {
    if (shown++ == kMostRows) break;
    width = std::max(width, labelOf(report, i).size());
  }
  std::string out = fmt::format("{:<{}}  {:>5}  {:>10}  {:>5}  {:>11}  {:>8}\n", "setting", width, "tries",
                                "reproduced", "rate", "95 %", "to event");
  std::size_t untried = 0;
  shown = 0;
  for (const auto i : order) {
    const auto& record = report.result.records[i];
    if (record.count.tries == 0 && !record.setAside) {
      ++untried;
      continue;
    }
    if (shown++ >= kMostRows) continue;
    const auto interval = statistics::clopperPearson(record.count);
    const auto time = median(record.toEvent);
    out += fmt::format(
        "{:<{}}  {:>5}  {:>10}  {:>5}  {:>11}  {:>8}", labelOf(report, i), width, record.count.tries, record.count.hits,
        record.count.tries == 0 ? "-" : fmt::format("{} %", percent(record.count.rate())),
        fmt::format("{}-{} %", percent(interval.low), percent(interval.high)), time ? seconds(*time) : "-");
    if (record.otherFailures > 0) out += fmt::format("  {} with another failure", record.otherFailures);
    if (record.inconclusive > 0) out += fmt::format("  {} inconclusive, not counted", record.inconclusive);
    if (record.setAside) out += fmt::format("  set aside: {}", record.setAside->substr(0, record.setAside->find('\n')));
    out += '\n';
  }
  if (shown > kMostRows) out += fmt::format("... and {} more, in results.json\n", shown - kMostRows);
  if (untried > 0) out += fmt::format("{} settings were not tried: the budget was spent\n", untried);
  return out;
}

std::string marginals(const SearchReport& report) {
  std::string out = "what raises the rate (all tries with a value together; good settings were tried more often):\n";
  for (std::size_t k = 0; k < report.knobs.size(); ++k)
    for (std::size_t v = 0; v < report.knobs[k].values.size(); ++v)
      out += fmt::format("  {:<24}  {}\n", fmt::format("{}={}", report.knobs[k].name, report.knobs[k].values[v]),
                         inWords(pooled(report, k, v)));
  return out;
}

// The baseline's first tries are part of its rate: nothing was chosen by them.
Count baselineOf(const SearchResult& result) {
  Count count = result.records[0].fresh;
  count += result.records[0].count;
  return count;
}

std::string conclusion(const SearchReport& report) {
  const auto& result = report.result;
  if (!result.best) {
    Count all;
    for (const auto& record : result.records) all += record.count;
    if (all.tries == 0) return "no try came to a verdict\n";
    return fmt::format("the bug did not come: {} tries at all settings together\n", inWords(all));
  }
  const auto& best = result.records[*result.best];
  const std::string fresh =
      best.fresh.tries > 0
          ? fmt::format("{} in fresh tries", inWords(best.fresh))
          : fmt::format("no fresh tries; {} in those that chose it, which flatter it", inWords(best.count));
  if (*result.best == 0) return fmt::format("best: the scenario as it is, {}; no other setting did better\n", fresh);
  const Count baseline = baselineOf(result);
  const double p = statistics::fisher(best.fresh, baseline);
  const char* verdict = p < kBeyondChance ? "is beyond chance" : "is not beyond chance";
  return fmt::format("best: {}, {}\nthe scenario as it is: {}; the difference {} (Fisher's exact test, p={:.2g})\n",
                     labelOf(report, *result.best), fresh, inWords(baseline), verdict, p);
}

Json countJson(Count count) {
  const auto interval = statistics::clopperPearson(count);
  return {{"tries", count.tries},
          {"reproduced", count.hits},
          {"rate", count.tries == 0 ? Json(nullptr) : Json(count.rate())},
          {"low", interval.low},
          {"high", interval.high}};
}

Json valuesJson(const SearchReport& report, const std::vector<std::size_t>& choice) {
  Json values = Json::object();
  for (std::size_t k = 0; k < choice.size(); ++k) values[report.knobs[k].name] = report.knobs[k].values[choice[k]];
  return values;
}

Json settingJson(const SearchReport& report, std::size_t i) {
  const auto& record = report.result.records[i];
  const auto time = median(record.toEvent);
  Json out = countJson(record.count);
  out["label"] = labelOf(report, i);
  out["values"] = valuesJson(report, report.plan.settings[i].choice);
  out["baseline"] = i == 0;
  out["other_failures"] = record.otherFailures;
  out["inconclusive"] = record.inconclusive;
  out["median_to_event_ms"] = time ? Json(time->count()) : Json(nullptr);
  out["set_aside"] = record.setAside ? Json(*record.setAside) : Json(nullptr);
  out["fresh"] = countJson(record.fresh);
  return out;
}

Json knobsJson(const SearchReport& report) {
  Json knobs = Json::array();
  for (std::size_t k = 0; k < report.knobs.size(); ++k) {
    Json values = Json::array();
    for (std::size_t v = 0; v < report.knobs[k].values.size(); ++v) {
      Json one = countJson(pooled(report, k, v));
      one["value"] = report.knobs[k].values[v];
      values.push_back(std::move(one));
    }
    knobs.push_back({{"name", report.knobs[k].name}, {"values", values}});
  }
  return knobs;
}

Json bestJson(const SearchReport& report) {
  const auto& result = report.result;
  if (!result.best) return nullptr;
  const Count baseline = baselineOf(result);
  Json out{{"label", labelOf(report, *result.best)},
           {"values", valuesJson(report, report.plan.settings[*result.best].choice)},
           {"fresh", countJson(result.records[*result.best].fresh)}};
  if (*result.best != 0) {
    const double p = statistics::fisher(result.records[*result.best].fresh, baseline);
    out["baseline"] = countJson(baseline);
    out["fisher_p"] = p;
    out["beyond_chance"] = p < kBeyondChance;
  }
  out["file"] = report.best.empty() ? Json(nullptr) : Json(report.best.string());
  return out;
}

}  // namespace

std::string_view word(Outcome outcome) {
  constexpr std::string_view words[] = {"inconclusive", "reproduced", "survived", "other-failure"};
  return words[static_cast<std::size_t>(outcome)];
}

std::string_view word(Ending ending) {
  constexpr std::string_view words[] = {"done", "budget-spent", "interrupted", "failed"};
  return words[static_cast<std::size_t>(ending)];
}

std::string inWords(Count count) {
  if (count.tries == 0) return "no tries";
  const auto interval = statistics::clopperPearson(count);
  return fmt::format("{}/{}, {} % ({}-{} %)", count.hits, count.tries, percent(count.rate()), percent(interval.low),
                     percent(interval.high));
}

std::string text(const SearchReport& report) {
  std::string out = table(report) + "\n" + marginals(report) + "\n";
  if (report.leftOut > 0)
    out += fmt::format("{} settings were left out, the scenario refuses them; the first: {}\n", report.leftOut,
                       report.whyLeftOut.substr(0, report.whyLeftOut.find('\n')));
  if (report.result.failure) out += fmt::format("broken off: {}\n", report.result.failure->message);
  out += conclusion(report);
  if (!report.best.empty()) out += fmt::format("written: {}\n", report.best.string());
  return out;
}

nlohmann::ordered_json json(const SearchReport& report) {
  Json settings = Json::array();
  for (const auto i : ranked(report.result)) settings.push_back(settingJson(report, i));
  return {{"kind", "search"},
          {"scenario", report.scenario},
          {"ending", word(report.result.ending)},
          {"failure", report.result.failure ? Json(report.result.failure->message) : Json(nullptr)},
          {"budget_ms", report.plan.budget.count()},
          {"seed", report.plan.seed},
          {"tries", report.result.tries},
          {"left_out", {{"settings", report.leftOut}, {"first", report.whyLeftOut}}},
          {"best", bestJson(report)},
          {"settings", settings},
          {"knobs", knobsJson(report)}};
}

nlohmann::ordered_json json(const Tried& tried, const Candidate& candidate) {
  const auto& result = tried.result;
  Json out{{"kind", "try"},
           {"number", tried.number},
           {"setting", candidate.label},
           {"fresh", tried.fresh},
           {"seed", tried.seed},
           {"outcome", word(result.outcome)},
           {"signature", result.signature},
           {"ms", result.time.count()}};
  if (!result.reason.empty()) out["reason"] = result.reason;
  if (result.toEvent) out["to_event_ms"] = result.toEvent->count();
  if (!result.run.empty()) out["run"] = result.run.string();
  return out;
}

}  // namespace relapse::campaign
