// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/timeline_chart.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "report/json_parts.hpp"
#include "report/markup.hpp"
#include "report/page.hpp"

namespace relapse::report {
namespace {

constexpr double kLeft = 96;
constexpr double kRight = 990;
constexpr double kRow = 20;
constexpr double kLetter = 6.6;  // width of one, for packing
constexpr std::size_t kMostRows = 14;
constexpr std::size_t kLongestLabel = 60;

constexpr std::string_view kLegend = R"(<p class="legend screen">
<span><svg class="chart" viewBox="0 0 20 12" aria-hidden="true"><circle class="setup" cx="10" cy="6" r="4"/></svg> boot, mount, export</span>
<span><svg class="chart" viewBox="0 0 20 12" aria-hidden="true"><path class="phase" d="M10 2l4.5 8h-9z"/></svg> phase</span>
<span><svg class="chart" viewBox="0 0 20 12" aria-hidden="true"><rect class="probe" x="9" y="1" width="2" height="10"/></svg> probe</span>
<span><svg class="chart" viewBox="0 0 20 12" aria-hidden="true"><rect class="fault" x="1" y="1" width="18" height="10"/></svg> fault, to its undo</span>
<span><svg class="chart" viewBox="0 0 20 12" aria-hidden="true"><rect class="work" x="1" y="1" width="18" height="10" rx="5"/></svg> work, to its end (dashed: the run's)</span>
<span><svg class="chart" viewBox="0 0 20 12" aria-hidden="true"><path class="event" d="M10 0l6 6-6 6-6-6z"/></svg> the event</span>
<span><svg class="chart" viewBox="0 0 20 12" aria-hidden="true"><path class="event also" d="M10 1l5 5-5 5-5-5z"/></svg> another event</span>
</p>
)";

struct Bar {
  double from = 0;
  double to = 0;
  bool open = false;  // its end was not seen
  std::string kind;
  std::string label;
};

struct Mark {
  double at = 0;
  std::string kind;
  std::string label;
  std::string link = {};
};

struct Lane {
  std::vector<Bar> bars = {};
  std::vector<Mark> marks = {};
  std::vector<Mark> events = {};
};

struct Model {
  double end = 0.001;  // seconds
  std::map<std::string, Lane> lanes;
};

double secondsOf(std::chrono::milliseconds at) {
  return std::chrono::duration<double>(at).count();
}

std::string_view kindOfMark(const std::string& what) {
  if (what == "phase") return "phase";
  if (what == "probe" || what == "probes" || what == "silence") return "probe";
  return "setup";
}

// A fault's end is the next undo of the same words on its node; words may go on: "drop-packets 10 % for 5.0 s".
const TimelineEntry* undoOf(const std::vector<TimelineEntry>& entries, std::size_t fault) {
  for (std::size_t i = fault + 1; i < entries.size(); ++i)
    if (entries[i].what == "undo" && entries[i].node == entries[fault].node &&
        entries[fault].text.starts_with(entries[i].text))
      return &entries[i];
  return nullptr;
}

void addEntries(const RunFiles& run, Model& model) {
  for (std::size_t i = 0; i < run.timeline.size(); ++i) {
    const auto& entry = run.timeline[i];
    const double at = secondsOf(entry.at);
    Lane& lane = model.lanes[entry.node];
    model.end = std::max(model.end, at);
    if (entry.what == "fault") {
      const auto* undo = undoOf(run.timeline, i);
      lane.bars.push_back({at, undo ? secondsOf(undo->at) : at, undo == nullptr, "fault", entry.text});
    } else if (entry.what != "undo" && entry.what != "work" && entry.what != "ended" && entry.what != "event") {
      lane.marks.push_back({at, std::string(kindOfMark(entry.what)), entry.what + ": " + entry.text});
    }
  }
}

void addWorks(const Json& result, Model& model) {
  for (const auto& work : listOf(result, "works")) {
    const auto started = wholeOf(work, "started_ms");
    if (!started) continue;
    const auto ended = wholeOf(work, "ended_ms");
    const double from = static_cast<double>(*started) / 1000;
    const double to = ended ? static_cast<double>(*ended) / 1000 : from;
    model.end = std::max(model.end, to);
    model.lanes[textOf(work, "node")].bars.push_back({from, to, !ended, "work", textOf(work, "program")});
  }
}

void addEvents(const Json& result, Model& model) {
  const auto decisive = decisiveEvents(result);
  const Json& events = listOf(result, "events");
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto at = wholeOf(events[i], "at_ms");
    if (!at) continue;
    const double when = static_cast<double>(*at) / 1000;
    model.end = std::max(model.end, when);
    const bool decides = std::ranges::find(decisive, i) != decisive.end();
    const bool failure = textOf(events[i], "event") != "boot-milestone";
    model.lanes[textOf(events[i], "node")].events.push_back({when,
                                                             decides   ? "event"
                                                             : failure ? "event also"
                                                                       : "event step",
                                                             textOf(events[i], "title"), fmt::format("#event-{}", i)});
  }
}

std::string shortened(const std::string& text) {
  const std::string line = asciiLine(text);
  return line.size() <= kLongestLabel ? line : line.substr(0, kLongestLabel - 3) + "...";
}

// Rows in which nothing lies over anything else.
class Rows {
 public:
  std::size_t take(double from, double to) {
    for (std::size_t row = 0; row < past_.size(); ++row)
      if (past_[row] <= from) {
        past_[row] = to;
        return row;
      }
    if (past_.size() == kMostRows) return kMostRows;
    past_.push_back(to);
    return past_.size() - 1;
  }
  std::size_t count() const { return past_.size(); }

 private:
  std::vector<double> past_;
};

class Drawing {
 public:
  explicit Drawing(const Model& model) : model_(model) {
    for (const auto& [name, lane] : model.lanes) draw(name, lane);
  }

  std::string take() const {
    return fmt::format(
        "<svg class=\"chart\" viewBox=\"0 0 1000 {0:.0f}\" role=\"group\" aria-label=\"Timeline\">\n{1}{2}</svg>\n",
        y_ + 26, back_ + axis(), front_);
  }

  std::size_t leftOut() const { return leftOut_; }

 private:
  double x(double seconds) const { return kLeft + (kRight - kLeft) * std::clamp(seconds / model_.end, 0.0, 1.0); }

  void draw(const std::string& name, const Lane& lane) {
    const double top = y_;
    y_ += 4;
    if (!lane.marks.empty()) drawMarks(lane.marks);
    drawBars(lane.bars);
    drawEvents(lane.events);
    y_ = std::max(y_ + 4, top + 26);
    back_ +=
        fmt::format("<rect class=\"lane\" x=\"0\" y=\"{:.1f}\" width=\"1000\" height=\"{:.1f}\"/>\n", top, y_ - top);
    front_ += fmt::format("<text x=\"6\" y=\"{:.1f}\" font-weight=\"600\">{}</text>\n", top + 17,
                          escaped(shortened(name.empty() ? "host" : name).substr(0, 13)));
    y_ += 6;
  }

  // Marks of one kind at one place are one.
  void drawMarks(const std::vector<Mark>& marks) {
    std::set<std::pair<std::string, long>> drawn;
    for (const auto& mark : marks) {
      const double at = x(mark.at);
      if (!drawn.emplace(mark.kind, std::lround(at / 2)).second) continue;
      front_ += fmt::format("<g><title>{:.2f} s, {}</title>", mark.at, escaped(mark.label));
      if (mark.kind == "setup") front_ += circle(at, y_ + 9, "setup");
      if (mark.kind == "phase")
        front_ += fmt::format("<path class=\"phase\" d=\"M{:.1f} {:.1f}l4.5 8h-9z\"/>", at, y_ + 5);
      if (mark.kind == "probe")
        front_ +=
            fmt::format("<rect class=\"probe\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"2\" height=\"10\"/>", at, y_ + 4);
      front_ += "</g>\n";
    }
    y_ += kRow;
  }

  static std::string circle(double at, double y, std::string_view kind) {
    return fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/>", kind, at, y);
  }

  // A label stands in its bar where it fits, else beside it.
  void drawBars(const std::vector<Bar>& bars) {
    Rows rows;
    for (const auto& bar : bars) {
      const double from = x(bar.from);
      const double to = std::max(bar.open ? kRight : x(bar.to), from + 4);
      const std::string label = shortened(bar.label);
      const double length = kLetter * static_cast<double>(label.size()) + 12;
      const bool inside = length <= to - from;
      const bool left = !inside && to + length > kRight;
      const std::size_t row = rows.take(left ? from - length : from, inside || left ? to + 4 : to + length);
      if (row == kMostRows) ++leftOut_;
      if (row == kMostRows) continue;
      const double at = inside ? from + 6 : left ? from - 5 : to + 5;
      drawBar(bar, {from, to, at, y_ + kRow * static_cast<double>(row)},
              fmt::format("{}>{}", left ? " text-anchor=\"end\"" : "", escaped(label)));
    }
    y_ += kRow * static_cast<double>(rows.count());
  }

  struct BarPlace {
    double from;
    double to;
    double label;
    double y;
  };
  void drawBar(const Bar& bar, const BarPlace& place, const std::string& label) {
    const std::string until = bar.open ? "to the end of the run" : fmt::format("to {:.2f} s", bar.to);
    front_ += fmt::format(
        "<g><title>{0} {1}, {2:.2f} s {3}</title><rect class=\"{0}\" x=\"{4:.1f}\" y=\"{5:.1f}\" width=\"{6:.1f}\" "
        "height=\"16\" rx=\"{7}\"{8}/><text x=\"{9:.1f}\" y=\"{10:.1f}\"{11}</text></g>\n",
        bar.kind, escaped(bar.label), bar.from, until, place.from, place.y + 2, place.to - place.from,
        bar.kind == "work" ? 8 : 0, bar.open ? " stroke-dasharray=\"4 3\"" : "", place.label, place.y + 14, label);
  }

  void drawEvents(const std::vector<Mark>& events) {
    Rows rows;
    for (const auto& event : events) {
      const double at = x(event.at);
      const std::string label = shortened(event.label);
      const double length = kLetter * static_cast<double>(label.size()) + 14;
      const bool left = at + length > kRight;
      const std::size_t row = rows.take(left ? at - length : at - 6, left ? at + 8 : at + length);
      if (row == kMostRows) ++leftOut_;
      if (row == kMostRows) continue;
      const double y = y_ + kRow * static_cast<double>(row) + 10;
      front_ += fmt::format(
          "<a href=\"{0}\"><title>{1:.2f} s, {2}</title><path class=\"{3}\" d=\"M{4:.1f} {5:.1f}l6 6-6 6-6-6z\"/><text "
          "x=\"{6:.1f}\" y=\"{7:.1f}\"{8}>{9}</text></a>\n",
          event.link, event.at, escaped(event.label), event.kind, at, y - 6, left ? at - 10 : at + 10, y + 4,
          left ? " text-anchor=\"end\"" : "", escaped(label));
    }
    y_ += kRow * static_cast<double>(rows.count());
  }

  std::string axis() const {
    const double rough = model_.end / 8;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double step = power * (rough / power > 5 ? 10 : rough / power > 2 ? 5 : rough / power > 1 ? 2 : 1);
    std::string out;
    for (int i = 0; i * step <= model_.end && i < 40; ++i)
      out += fmt::format(
          "<path class=\"axis\" d=\"M{0:.1f} 0V{1:.1f}\"/><text class=\"soft\" x=\"{0:.1f}\" y=\"{2:.1f}\" "
          "text-anchor=\"middle\">{3:g} s</text>\n",
          x(i * step), y_, y_ + 16, i * step);
    return out;
  }

  const Model& model_;
  std::size_t leftOut_ = 0;
  double y_ = 0;
  std::string back_;
  std::string front_;
};

}  // namespace

std::string timelineChart(const RunFiles& run) {
  Model model;
  addEntries(run, model);
  addWorks(run.result, model);
  addEvents(run.result, model);
  if (model.lanes.empty()) return {};
  const Drawing drawing(model);
  std::string out = wide("Timeline, scrolls sideways", drawing.take()) + std::string(kLegend);
  if (drawing.leftOut() > 0)
    out += fmt::format("<p class=\"muted\">{} more found no room: the table has them</p>\n", drawing.leftOut());
  return out;
}

std::string timelineTable(const RunFiles& run) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& entry : run.timeline)
    rows.push_back({fmt::format("{:.3f}", secondsOf(entry.at)), escaped(entry.node.empty() ? "host" : entry.node),
                    escaped(entry.what), escaped(entry.text),
                    entry.guestTime ? fmt::format("{:.3f}", *entry.guestTime) : std::string()});
  std::string out = wide("All of the timeline", table({"#at, s", "node", "what", "", "#guest, s"}, rows));
  if (run.timelineMore > 0) out += fmt::format("<p class=\"muted\">{} more in timeline.jsonl</p>\n", run.timelineMore);
  return out;
}

}  // namespace relapse::report
