// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/bisect_chart.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "report/bisect_words.hpp"
#include "report/lines.hpp"
#include "report/markup.hpp"
#include "report/page.hpp"

namespace relapse::report {
namespace {

constexpr double kLeft = 66;
constexpr double kRight = 990;
constexpr double kBarsTop = 88;  // above it stand the names of the likeliest
constexpr double kBarsHigh = 160;
constexpr double kBottom = kBarsTop + kBarsHigh;
constexpr double kLanesTop = kBottom + 22;
constexpr double kLane = 20;
constexpr double kWidestBar = 44;
constexpr std::size_t kMostBars = 128;
constexpr std::size_t kMostLabels = 4;
constexpr double kLabelled = 0.01;  // none below it has a name
constexpr int kDecades = 4;         // the scale goes from 0.01 % to 100 %

// Of the candidates that share a bar.
struct Bar {
  std::size_t first = 0;
  std::size_t count = 0;
  std::size_t likeliest = 0;
  double posterior = 0;
  int chosen = 0;
  int bad = 0;  // kernels that showed it
  int good = 0;
  int other = 0;
  int skipped = 0;
};

struct Lane {
  std::string_view name;
  int Bar::*many;
  std::string_view shape;  // a path around 0 0, told by its form
};

constexpr Lane kLanes[] = {
    {"chosen", &Bar::chosen, "M0-6l6 10h-12z"},
    {"bad", &Bar::bad,
     "M-5-3.5l1.5-1.5 3.5 3.5 3.5-3.5 1.5 1.5-3.5 3.5 3.5 3.5-1.5 1.5-3.5-3.5-3.5 3.5-1.5-1.5 3.5-3.5z"},
    {"good", &Bar::good, "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z"},
    {"other", &Bar::other, "M0-6l6 6-6 6-6-6z"},
    {"skipped", &Bar::skipped, "M-6-1.5h12v3h-12z"},
};

struct Chart {
  const BisectReport& bisect;
  std::vector<Bar> bars = {};
  double step() const { return (kRight - kLeft) / static_cast<double>(bars.size()); }
  double middle(std::size_t place) const { return kLeft + step() * (static_cast<double>(place) + 0.5); }
};

void add(Bar& bar, const BisectReport& bisect, std::size_t place) {
  const auto& candidate = bisect.candidates[place];
  if (bar.count++ == 0) bar.first = bar.likeliest = place;
  if (candidate.posterior > bisect.candidates[bar.likeliest].posterior) bar.likeliest = place;
  bar.posterior += candidate.posterior;
  bar.chosen += candidate.chosen ? 1 : 0;
  bar.bad += candidate.count.bad > 0 ? 1 : 0;
  bar.good += candidate.count.bad == 0 && candidate.count.good > 0 ? 1 : 0;
  bar.other += candidate.count.other > 0 ? 1 : 0;
  bar.skipped += candidate.skipped.empty() ? 0 : 1;
}

Chart chartOf(const BisectReport& bisect) {
  const std::size_t share = (bisect.candidates.size() + kMostBars - 1) / kMostBars;
  Chart chart{bisect};
  for (std::size_t i = 0; i < bisect.candidates.size(); ++i) {
    if (i % share == 0) chart.bars.emplace_back();
    add(chart.bars.back(), bisect, i);
  }
  return chart;
}

double heightOf(double posterior) {
  if (!(posterior > 0)) return 0;
  return std::clamp(kBarsHigh * (1 + std::log10(std::min(posterior, 1.0)) / kDecades), 1.5, kBarsHigh);
}

std::string barTold(const Chart& chart, const Bar& bar) {
  const auto& likeliest = chart.bisect.candidates[bar.likeliest];
  if (bar.count == 1) return fmt::format("{}: {}", likeliest.name, percent(bar.posterior));
  return fmt::format("{} to {}: {} together, the likeliest {}", bar.first + 1, bar.first + bar.count,
                     percent(bar.posterior), likeliest.name);
}

std::string scale() {
  std::string out;
  for (int decade = 0; decade <= kDecades; ++decade) {
    const double y = kBarsTop + kBarsHigh * decade / kDecades;
    out += fmt::format(
        "<path class=\"axis\" d=\"M{} {:.1f}H{}\"/><text class=\"soft\" x=\"{}\" y=\"{:.1f}\" "
        "text-anchor=\"end\">{} %</text>\n",
        kLeft, y, kRight, kLeft - 6, y + 4, std::pow(10.0, 2 - decade));
  }
  return out;
}

std::string barMarkup(const Chart& chart, std::size_t place) {
  const auto& bar = chart.bars[place];
  const double high = heightOf(bar.posterior);
  if (high <= 0) return {};
  const double wide = std::min(chart.step() * 0.82, kWidestBar);
  return fmt::format(
      "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"><title>{}</title></rect>\n",
      bar.chosen > 0 ? "likely chosen" : "likely", chart.middle(place) - wide / 2, kBottom - high, wide, high,
      escaped(barTold(chart, bar)));
}

// The likeliest bars with their names, one name a row, each with a line down to its bar.
std::string names(const Chart& chart) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < chart.bars.size(); ++i)
    if (chart.bars[i].posterior >= kLabelled) places.push_back(i);
  std::ranges::stable_sort(places, std::greater(), [&](std::size_t i) { return chart.bars[i].posterior; });
  places.resize(std::min(places.size(), kMostLabels));
  std::string lines;
  std::string texts;
  for (std::size_t row = 0; row < places.size(); ++row) {
    const auto& bar = chart.bars[places[row]];
    const double x = chart.middle(places[row]);
    const double y = 16 + 18 * static_cast<double>(row);
    const bool toTheRight = x < (kLeft + kRight) / 2;
    const std::string name = cutTo(cleanLine(chart.bisect.candidates[bar.likeliest].name), 40);
    const std::string more = bar.count > 1 ? fmt::format(" and {} beside it", bar.count - 1) : "";
    lines += fmt::format("<path class=\"axis\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>\n", x, y - 10,
                         kBottom - heightOf(bar.posterior));
    texts +=
        fmt::format("<text class=\"name\" x=\"{:.1f}\" y=\"{:.1f}\"{}>{}{}: {}</text>\n", toTheRight ? x + 5 : x - 5, y,
                    toTheRight ? "" : " text-anchor=\"end\"", escaped(name), more, percent(bar.posterior));
  }
  return lines + texts;
}

std::string lane(const Chart& chart, std::size_t row) {
  const auto& lane = kLanes[row];
  const std::string_view name = row == 0 ? chosenWord(chart.bisect) : lane.name;
  const double y = kLanesTop + kLane * static_cast<double>(row);
  std::string out = fmt::format(
      "<path class=\"axis\" d=\"M{} {:.1f}H{}\"/><text class=\"soft\" x=\"{}\" y=\"{:.1f}\" "
      "text-anchor=\"end\">{}</text>\n",
      kLeft, y, kRight, kLeft - 6, y + 4, name);
  const double size = std::clamp(chart.step() / 12, 0.5, 1.0);
  for (std::size_t i = 0; i < chart.bars.size(); ++i) {
    const int many = chart.bars[i].*lane.many;
    if (many == 0) continue;
    const std::string at = fmt::format("{:.1f} {:.1f}", chart.middle(i), y);
    out += fmt::format(
        "<path class=\"seen {}\" transform=\"translate({}) scale({:.2f})\" d=\"{}\"><title>{}</title></path>\n",
        lane.name, at, size, lane.shape,
        escaped(fmt::format("{}: {}", lane.name,
                            many == 1 && chart.bars[i].count == 1
                                ? chart.bisect.candidates[chart.bars[i].first].name
                                : fmt::format("{} of {} to {}", many, chart.bars[i].first + 1,
                                              chart.bars[i].first + chart.bars[i].count))));
  }
  return out;
}

// The places of some candidates, counted from 1.
std::string places(const Chart& chart, double y) {
  std::string out =
      fmt::format("<text class=\"soft\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">place</text>\n", kLeft - 6, y);
  const std::size_t count = chart.bars.size();
  const std::size_t every = std::max<std::size_t>(1, (count + 11) / 12);
  for (std::size_t i = 0; i < count; i += every)
    out += fmt::format("<text class=\"soft\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
                       chart.middle(i), y, chart.bars[i].first + 1);
  return out;
}

std::string described(const Chart& chart) {
  const auto& bisect = chart.bisect;
  const auto tried = std::ranges::count_if(bisect.candidates, [](const auto& one) { return one.count.tries() > 0; });
  std::string out = fmt::format("{}, in their order from left to right, of which the kernels of {} were tried. {}.",
                                counted(bisect.candidates.size(), candidateWord(bisect)), tried, resultWords(bisect));
  if (chart.bars.front().count > 1) out += fmt::format(" {} share a bar.", chart.bars.front().count);
  return out + " The table below says the same in numbers.";
}

}  // namespace

std::string bisectChart(const BisectReport& bisect) {
  if (bisect.candidates.empty()) return {};
  const Chart chart = chartOf(bisect);
  const double bottom = kLanesTop + kLane * static_cast<double>(std::size(kLanes));
  std::string out = fmt::format(
      "<svg class=\"chart\" viewBox=\"0 0 1000 {:.0f}\" role=\"img\" aria-labelledby=\"likely-t\" "
      "aria-describedby=\"likely-d\">\n<title id=\"likely-t\">How likely each {} is {}</title>\n<desc "
      "id=\"likely-d\">{}</desc>\n",
      bottom + 10, candidateWord(bisect), bisect.fixedBy ? "what fixed it" : "the culprit", escaped(described(chart)));
  out += scale() + names(chart);
  for (std::size_t i = 0; i < chart.bars.size(); ++i) out += barMarkup(chart, i);
  for (std::size_t row = 0; row < std::size(kLanes); ++row) out += lane(chart, row);
  out += places(chart, bottom + 4) + "</svg>\n";
  return wide("How likely each is, scrolls sideways", out);
}

}  // namespace relapse::report
