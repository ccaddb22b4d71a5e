// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/repeat.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "statistics/rates.hpp"

namespace relapse::campaign {
namespace {

using statistics::Count;
using statistics::Standing;

constexpr double kErrors = 0.05;  // of Wald's test, either way

struct ToSeries {
  statistics::Series operator()(const scenario::Until& until) const { return {until.runs, until.held, {}}; }
  statistics::Series operator()(const scenario::Runs& runs) const { return {runs.runs, {}, {}}; }
  statistics::Series operator()(const scenario::CleanOf& before) const {
    const auto lowest = statistics::clopperPearson({before.hits, before.runs}).low;
    const int clean = std::min(statistics::cleanTries(lowest).value_or(scenario::kMostRuns), scenario::kMostRuns);
    return {clean, clean, {}};
  }
  statistics::Series operator()(const scenario::AtLeast& atLeast) const {
    const double rate = atLeast.percent / 100.0;
    return {scenario::kMostRuns, {}, statistics::Question{rate, rate / 2, kErrors, kErrors}};
  }
};

std::string percent(double rate) {
  const double percent = 100 * rate;
  return percent > 0 && percent < 1 ? fmt::format("{:.1f}", percent) : fmt::format("{:.0f}", percent);
}

std::string rateInWords(const statistics::Series& rule, Count count) {
  const auto interval = statistics::rateAfter(rule, count);
  return fmt::format("{}/{} ({}-{} %, 95 %)", count.hits, count.tries, percent(interval.low), percent(interval.high));
}

// What a fix would have to show, or what these runs show already.
std::string consequence(const Series& series) {
  const Count bug = series.bug();
  if (bug.tries == 0) return {};
  if (bug.hits == 0)
    return fmt::format("; a bug that comes in {} % of the runs or more would have been seen (95 %)",
                       percent(1 - std::pow(kErrors, 1.0 / bug.tries)));
  const auto clean = statistics::cleanTries(statistics::rateAfter(series.rule(), bug).low);
  if (!clean) return {};
  return fmt::format("; to claim it fixed at 95 %: {} clean run{}", *clean, *clean == 1 ? "" : "s");
}

std::string ending(const Series& series) {
  const auto& rule = series.rule();
  if (series.tooManyInconclusive()) return "ended: too many runs came to no verdict";
  switch (series.standing()) {
    case Standing::Enough:
      return series.held().tries < rule.tries ? "ended early: it is decided" : "";
    case Standing::TooFew:
      return rule.test ? fmt::format("decided: it is at most {} %", percent(rule.test->low))
                       : fmt::format("ended: {} of {} can no more be had", rule.hits.value_or(0), rule.tries);
    case Standing::Exhausted:
      return rule.test ? "not decided" : "";
    case Standing::Open:
      return "not finished";
  }
  return {};
}

}  // namespace

statistics::Series seriesOf(const scenario::Repeat& repeat) {
  return std::visit(ToSeries{}, repeat);
}

bool Series::tooManyInconclusive() const {
  return inconclusive_ > (rule_.tries == 1 ? 0 : std::max(2, rule_.tries / 2));
}

bool Series::over() const {
  return standing_ != Standing::Open || tooManyInconclusive();
}

std::optional<int> Series::next() {
  const int underWay = started_ - static_cast<int>(results_.size());
  const auto conclusive = std::count_if(results_.begin(), results_.end(),
                                        [](const auto& one) { return one.second.outcome != Outcome::Inconclusive; });
  if (over() || static_cast<int>(conclusive) + underWay >= rule_.tries) return std::nullopt;
  return ++started_;
}

void Series::add(int number, TryResult result) {
  if (result.outcome == Outcome::Inconclusive && !over()) ++inconclusive_;
  results_.emplace(number, std::move(result));
  count();
}

void Series::count() {
  for (auto next = results_.find(counted_ + 1); next != results_.end() && !over(); next = results_.find(counted_ + 1)) {
    ++counted_;
    const TryResult& result = next->second;
    if (result.outcome == Outcome::Inconclusive) continue;
    held_ += {result.held ? 1 : 0, 1};
    bug_ += {result.outcome == Outcome::Reproduced ? 1 : 0, 1};
    standing_ = statistics::standing(rule_, held_);
  }
}

Result<void> repeat(Series& series, const Runner& runner) {
  std::size_t underWay = 0;
  while (!series.over()) {
    std::vector<int> numbers;
    while (underWay + numbers.size() < runner.room) {
      const auto number = series.next();
      if (!number) break;
      numbers.push_back(*number);
    }
    underWay += numbers.size();
    if (!numbers.empty())
      if (auto started = runner.start(numbers); !started) return started;
    auto ended = runner.next();
    if (!ended) return passOn(ended.error());
    --underWay;
    if (runner.observe) runner.observe(*ended);
    series.add(ended->number, std::move(ended->result));
  }
  return {};
}

std::string timesInWords(std::vector<std::chrono::milliseconds> times) {
  if (times.empty()) return {};
  std::sort(times.begin(), times.end());
  const auto seconds = [](std::chrono::milliseconds time) { return static_cast<double>(time.count()) / 1000; };
  const std::size_t middle = times.size() / 2;
  const double median =
      times.size() % 2 == 1 ? seconds(times[middle]) : (seconds(times[middle - 1]) + seconds(times[middle])) / 2;
  if (times.size() == 1) return fmt::format("{:.1f} s", median);
  return fmt::format("{:.1f} s ({:.1f} to {:.1f} s)", median, seconds(times.front()), seconds(times.back()));
}

std::string sentence(const Series& series, bool bugExpected) {
  if (series.held().tries == 0) return fmt::format("no run came to a verdict ({} inconclusive)", series.inconclusive());
  std::string text = bugExpected ? fmt::format("reproduced {}", rateInWords(series.rule(), series.bug()))
                                 : fmt::format("survived {}", rateInWords(series.rule(), series.held()));
  if (!bugExpected && series.held().hits < series.held().tries) {
    const Count failed{series.held().tries - series.held().hits, series.held().tries};
    const auto clean = statistics::cleanTries(statistics::rateAfter(series.rule(), failed).low);
    if (clean) text += fmt::format("; to claim that fixed at 95 %: {} clean run{}", *clean, *clean == 1 ? "" : "s");
  } else {
    text += consequence(series);
  }
  if (series.inconclusive() > 0) text += fmt::format("; {} inconclusive", series.inconclusive());
  if (const auto end = ending(series); !end.empty()) text += "; " + end;
  return text;
}

}  // namespace relapse::campaign
