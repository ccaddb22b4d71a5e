// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/flame_graph.hpp"

#include <charconv>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "report/markup.hpp"
#include "report/page.hpp"

namespace relapse::report {
namespace {

constexpr std::size_t kDeepest = 100;
constexpr std::size_t kMostBoxes = 3000;

struct Box {
  std::string name;
  long samples = 0;
  std::vector<Box> above = {};  // what it called
};

Box& boxIn(std::vector<Box>& row, std::string_view name) {
  for (auto& box : row)
    if (box.name == name) return box;
  return row.emplace_back(Box{std::string(name)});
}

struct FoldedLine {
  std::string_view stack;
  long samples = 0;
};

std::optional<FoldedLine> foldedLine(std::string_view line) {
  const std::size_t blank = line.rfind(' ');
  if (blank == std::string_view::npos || blank == 0) return std::nullopt;
  FoldedLine read{line.substr(0, blank)};
  const auto number = std::from_chars(line.data() + blank + 1, line.data() + line.size(), read.samples);
  if (number.ec != std::errc() || number.ptr != line.data() + line.size() || read.samples <= 0) return std::nullopt;
  return read;
}

void add(std::vector<Box>& roots, const FoldedLine& line, std::size_t& boxes) {
  std::vector<Box>* row = &roots;
  std::size_t depth = 0;
  for (std::size_t at = 0; at <= line.stack.size() && depth < kDeepest && boxes < kMostBoxes; ++depth, ++boxes) {
    const std::size_t end = std::min(line.stack.find(';', at), line.stack.size());
    Box& box = boxIn(*row, line.stack.substr(at, end - at));
    box.samples += line.samples;
    row = &box.above;
    at = end + 1;
  }
}

std::vector<Box> boxesOf(std::string_view folded) {
  std::vector<Box> roots;
  std::size_t boxes = 0;
  for (std::size_t at = 0; at < folded.size();) {
    const std::size_t end = std::min(folded.find('\n', at), folded.size());
    if (const auto line = foldedLine(folded.substr(at, end - at))) add(roots, *line, boxes);
    at = end + 1;
  }
  return roots;
}

// One of four tints, the same for a name everywhere.
unsigned tint(std::string_view name) {
  unsigned sum = 7;
  for (const char c : name) sum = sum * 31 + static_cast<unsigned char>(c);
  return sum % 4;
}

void draw(const Box& box, long below, long whole, std::string& out) {
  const double share = 100.0 * static_cast<double>(box.samples) / static_cast<double>(whole);
  const double width = 100.0 * static_cast<double>(box.samples) / static_cast<double>(below);
  const std::string name = escaped(box.name);
  out += fmt::format(
      "<div class=\"fb\" style=\"width:{:.3f}%\"><span class=\"fl f{}\" tabindex=\"0\" data-full=\"{}: {} of {} "
      "samples, "
      "{:.0f} %\">{}</span>",
      width, tint(box.name), name, box.samples, whole, share, name);
  if (!box.above.empty()) {
    out += "<div class=\"fr\">";
    for (const auto& above : box.above) draw(above, box.samples, whole, out);
    out += "</div>";
  }
  out += "</div>\n";
}

}  // namespace

std::string flameGraph(std::string_view folded, const std::set<std::string>& open) {
  std::string first;
  std::string others;
  for (const auto& root : boxesOf(folded)) {
    std::string boxes;
    draw(root, root.samples, root.samples, boxes);
    const std::string label = asciiLine(root.name) + ", flame graph";
    const std::string graph = wide(label, "<div class=\"flame\">" + boxes + "</div>\n");
    if (open.contains(root.name))
      first += fmt::format("<h3>{}, {} samples</h3>\n{}", escaped(root.name), root.samples, graph);
    else
      others += details(fmt::format("{}, {} samples", root.name, root.samples), graph);
  }
  if (first.empty() && others.empty()) return {};
  return "<div class=\"flames\">\n" + first + others + "</div>\n";
}

}  // namespace relapse::report
