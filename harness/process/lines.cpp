// SPDX-License-Identifier: GPL-2.0-or-later
#include "process/lines.hpp"

#include <utility>
#include <vector>

namespace relapse::process {

namespace {

constexpr std::size_t kLongestLine = 1u << 20;

std::string_view withoutCarriageReturn(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

StreamText::StreamText(std::size_t keepBytes, std::function<void(std::string_view)> onLine)
    : keepBytes_(keepBytes), onLine_(std::move(onLine)) {}

void StreamText::add(std::string_view bytes) {
  kept_ += bytes;
  if (kept_.size() / 2 > keepBytes_) kept_.erase(0, kept_.size() - keepBytes_);
  if (!onLine_) return;
  open_ += bytes;
  cut();
}

void StreamText::cut() {
  std::size_t first = 0;
  for (std::size_t end; (end = open_.find('\n', first)) != std::string::npos; first = end + 1) {
    onLine_(withoutCarriageReturn(std::string_view(open_).substr(first, end - first)));
  }
  open_.erase(0, first);
  if (open_.size() < kLongestLine) return;
  onLine_(open_);
  open_.clear();
}

void StreamText::finish() {
  if (onLine_ && !open_.empty()) onLine_(withoutCarriageReturn(open_));
  open_.clear();
}

std::string StreamText::take() {
  if (kept_.size() > keepBytes_) kept_.erase(0, kept_.size() - keepBytes_);
  return std::move(kept_);
}

std::string lastLines(std::string_view text, std::size_t count) {
  std::vector<std::string_view> lines;
  while (!text.empty() && lines.size() < count) {
    const std::size_t end = text.find_last_of('\n');
    const std::size_t first = end == std::string_view::npos ? 0 : end + 1;
    const std::string_view line = withoutCarriageReturn(text.substr(first));
    if (line.find_first_not_of(" \t") != std::string_view::npos) lines.push_back(line);
    text = text.substr(0, end == std::string_view::npos ? 0 : end);
  }
  std::string joined;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (!joined.empty()) joined += '\n';
    joined += *line;
  }
  return joined;
}

}  // namespace relapse::process
