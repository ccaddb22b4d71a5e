// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/wait_graph.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "report/findings.hpp"
#include "report/json_parts.hpp"
#include "report/markup.hpp"
#include "report/page.hpp"

namespace relapse::report {
namespace {

using postmortem::TaskName;
using postmortem::Wait;

constexpr double kWidth = 330;  // of a box
constexpr double kBetween = 60;
constexpr double kHeight = 58;
constexpr double kStep = 72;
constexpr std::size_t kLetters = 48;  // that fit into a box
constexpr std::size_t kMostBoxes = 200;

std::optional<TaskName> taskOf(const Json& task) {
  const auto pid = wholeOf(task, "pid");
  if (!pid) return std::nullopt;
  return TaskName{static_cast<int>(*pid), textOf(task, "comm")};
}

// Tasks that wait alike; a root has no wait.
struct Box {
  std::vector<TaskName> tasks;
  const Wait* wait = nullptr;
  std::optional<std::size_t> holder = {};  // the box they wait for
  std::size_t column = 0;
  double y = 0;
};

class Graph {
 public:
  explicit Graph(const std::vector<Wait>& waits) : waits_(waits) {
    std::set<int> waiting;
    for (const auto& wait : waits) waiting.insert(wait.waiter.pid);
    for (const auto& wait : waits)
      if (wait.holder && !waiting.contains(wait.holder->pid)) addRoot(*wait.holder);
    for (const auto& wait : waits)
      if (!wait.holder) addWaiters(std::nullopt, std::nullopt, 1);
    for (const auto& wait : waits)  // what is left waits in a circle
      if (wait.holder) addRoot(*wait.holder);
  }
  const std::vector<Box>& boxes() const { return boxes_; }
  double height() const { return next_; }

 private:
  void addRoot(const TaskName& holder) {
    if (!seen_.insert(holder.pid).second || boxes_.size() >= kMostBoxes) return;
    boxes_.push_back({{holder}});
    const std::size_t place = boxes_.size() - 1;
    addWaiters(holder.pid, place, 1);
    boxes_[place].y = middleOf(place);
  }

  // Waiters for one holder, boxed by what they wait on.
  void addWaiters(std::optional<int> holder, std::optional<std::size_t> below, std::size_t column) {
    std::vector<Box> groups;
    for (const auto& wait : waits_) {
      if ((wait.holder ? std::optional(wait.holder->pid) : std::nullopt) != holder) continue;
      if (!boxed_.insert(&wait).second) continue;
      const auto same = [&](const Box& box) {
        return box.wait->on == wait.on && box.wait->how == wait.how && box.wait->certain == wait.certain;
      };
      auto group = std::ranges::find_if(groups, same);
      if (group == groups.end()) group = groups.insert(groups.end(), Box{{}, &wait, below, column});
      group->tasks.push_back(wait.waiter);
    }
    for (auto& group : groups) addGroup(std::move(group));
  }

  void addGroup(Box group) {
    if (boxes_.size() >= kMostBoxes) return;
    const auto tasks = group.tasks;
    const std::size_t column = group.column;
    boxes_.push_back(std::move(group));
    const std::size_t place = boxes_.size() - 1;
    for (const auto& task : tasks)
      if (seen_.insert(task.pid).second) addWaiters(task.pid, place, column + 1);
    boxes_[place].y = middleOf(place);
  }

  // Beside the middle of those behind it; on a line of its own when there are none.
  double middleOf(std::size_t place) {
    double least = -1;
    double most = 0;
    for (std::size_t i = place + 1; i < boxes_.size(); ++i) {
      if (boxes_[i].holder != place) continue;
      if (least < 0) least = boxes_[i].y;
      most = boxes_[i].y;
    }
    if (least >= 0) return (least + most) / 2;
    next_ += kStep;
    return next_ - kStep + 6;
  }

  const std::vector<Wait>& waits_;
  std::vector<Box> boxes_;
  std::set<int> seen_;
  std::set<const Wait*> boxed_;
  double next_ = 0;
};

double left(const Box& box) {
  return 6 + static_cast<double>(box.column) * (kWidth + kBetween);
}

std::string fitted(const std::string& text) {
  const std::string line = asciiLine(text);
  return escaped(line.size() <= kLetters ? line : line.substr(0, kLetters - 3) + "...");
}

std::string boxSvg(const Box& box) {
  const double x = left(box);
  const std::string who = tasksInShort(box.tasks);
  const std::string on = box.wait ? "waits: " + box.wait->on : "waits for nobody here";
  std::string how = box.wait ? box.wait->how : "";
  if (box.wait && !box.wait->holder) how = "no holder is known; " + how;
  if (box.wait && box.wait->holder && !box.wait->certain) how = "not certain: " + how;
  return fmt::format(
      "<g tabindex=\"0\" role=\"img\" aria-label=\"{0}: {1} {2}\"><title>{0}: {1} {2}</title><rect class=\"box{3}\" "
      "x=\"{4:.0f}\" y=\"{5:.1f}\" width=\"{6:.0f}\" height=\"{7:.0f}\" rx=\"4\"/><text x=\"{8:.0f}\" y=\"{9:.1f}\" "
      "font-weight=\"600\">{10}</text><text x=\"{8:.0f}\" y=\"{11:.1f}\">{12}</text><text class=\"soft\" x=\"{8:.0f}\" "
      "y=\"{13:.1f}\">{14}</text></g>\n",
      escaped(who), escaped(on), escaped(how), box.wait ? "" : " holder", x, box.y, kWidth, kHeight, x + 10, box.y + 19,
      fitted(who), box.y + 35, fitted(on), box.y + 50, fitted(how));
}

std::string wireSvg(const Box& waiter, const Box& holder) {
  const double from = left(waiter);
  const double to = left(holder) + kWidth;
  const double y = holder.y + kHeight / 2;
  return fmt::format(
      "<path class=\"wire{}\" d=\"M{:.0f} {:.1f}C{:.0f} {:.1f} {:.0f} {:.1f} {:.0f} {:.1f}\"/><path class=\"tip\" "
      "d=\"M{:.0f} {:.1f}l9 -5v10z\"/>\n",
      waiter.wait->certain ? "" : " guess", from, waiter.y + kHeight / 2, from - 30, waiter.y + kHeight / 2, to + 38, y,
      to + 8, y, to, y);
}

}  // namespace

std::vector<Wait> waitsOf(const Json& postmortem) {
  std::vector<Wait> waits;
  for (const auto& one : listOf(postmortem, "waits")) {
    const auto waiter = taskOf(part(one, "waiter"));
    if (!waiter) continue;
    waits.push_back({.waiter = *waiter,
                     .holder = taskOf(part(one, "holder")),
                     .on = textOf(one, "on"),
                     .how = textOf(one, "how"),
                     .certain = isTrue(one, "certain")});
  }
  return waits;
}

std::string waitGraph(const std::vector<Wait>& waits) {
  const Graph graph(waits);
  if (graph.boxes().empty()) return {};
  std::string wires;
  std::string boxes;
  double width = 0;
  for (const auto& box : graph.boxes()) {
    width = std::max(width, left(box) + kWidth + 6);
    boxes += boxSvg(box);
    if (box.holder) wires += wireSvg(box, graph.boxes()[*box.holder]);
  }
  const std::string svg = fmt::format(
      "<svg class=\"chart\" style=\"min-width:{0:.0f}px;max-width:{0:.0f}px\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "role=\"group\" aria-label=\"Who waits for whom\">\n{2}{3}</svg>\n",
      width, graph.height(), wires, boxes);
  return wide("Who waits for whom, scrolls sideways", svg) + details("As text", preformatted(waitTree(waits)));
}

}  // namespace relapse::report
