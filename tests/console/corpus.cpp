// SPDX-License-Identifier: GPL-2.0-or-later
#include "corpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace relapse::console {
namespace {

constexpr std::string_view kHeadEnd = "# ---\n";

std::string trimmedCopy(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = text.find(separator); at != std::string_view::npos; at = text.find(separator)) {
    parts.push_back(trimmedCopy(text.substr(0, at)));
    text.remove_prefix(at + 1);
  }
  parts.push_back(trimmedCopy(text));
  return parts;
}

Expected readExpected(std::string_view text) {
  const auto parts = split(text, '|');
  if (parts.size() != 6) throw std::runtime_error(fmt::format("expected 6 parts, found \"{}\"", text));
  Expected expected{parts[0], parts[1], parts[2], parts[3], parts[4], {}, {}, {}, {}, {}, {}};
  constexpr std::string_view kFrames = "frames: ";
  if (parts[5].starts_with(kFrames)) expected.frames = split(parts[5].substr(kFrames.size()), ',');
  return expected;
}

void readHeadLine(std::string_view line, CorpusFile& file) {
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) return;
  const std::string_view key = line.substr(0, colon);
  const std::string value = trimmedCopy(line.substr(colon + 2));
  if (key == "signature") file.signature = value;
  if (key == "stray") file.stray = value;
  if (key == "expect" && value != "nothing") file.expected.push_back(readExpected(value));
  if (file.expected.empty()) return;
  Expected& last = file.expected.back();
  if (key == "message") last.message = value;
  if (key == "taint") last.taint = value;
  if (key == "release") last.release = value;
  if (key == "module") last.module = value;
  if (key == "lr") last.lr = value;
}

CorpusFile readFile(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  const std::string all = text.str();
  const std::size_t head = all.find(kHeadEnd);
  if (head == std::string::npos) throw std::runtime_error(path.string() + ": expected a line \"# ---\"");
  CorpusFile file;
  file.path = path;
  file.log = all.substr(head + kHeadEnd.size());
  std::istringstream lines(all.substr(0, head));
  for (std::string line; std::getline(lines, line);)
    readHeadLine(line.substr(std::min<std::size_t>(2, line.size())), file);
  return file;
}

std::string place(const std::optional<RawFrame>& frame) {
  return frame ? frame->text : "-";
}

}  // namespace

std::vector<CorpusFile> corpus() {
  std::vector<CorpusFile> files;
  const std::filesystem::path root = std::filesystem::path(RELAPSE_SOURCE_DIR) / "tests/corpus/console";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() == ".console") files.push_back(readFile(entry.path()));
  }
  std::sort(files.begin(), files.end(), [](const CorpusFile& a, const CorpusFile& b) { return a.path < b.path; });
  return files;
}

std::string described(const ConsoleEvent& event) {
  std::string text = fmt::format(
      "{} \"{}\" node={} at={} time={} cpu={} task={} pid={} taint={} release={} span={}-{}\n", name(event.kind),
      event.title, event.node, event.at.count(), event.kernelTime.value_or(-1), event.cpu.value_or(-1), event.task,
      event.pid.value_or(-1), event.taint, event.release, event.span.first, event.span.past);
  text += fmt::format("  message={} pc={} lr={}\n", event.message, place(event.pc), place(event.lr));
  for (const RawFrame& frame : event.frames) {
    text += fmt::format("  {} [{}] {}{}\n", frame.symbol, frame.module, frame.reliable ? "" : "? ", frame.text);
  }
  return text;
}

std::string described(const std::vector<ConsoleEvent>& events) {
  std::string text;
  for (const ConsoleEvent& event : events) text += described(event);
  return text;
}

std::vector<ConsoleEvent> parsed(std::string_view log, const std::vector<std::size_t>& cuts) {
  ConsoleParser parser({.node = "client"});
  std::vector<ConsoleEvent> events;
  const auto keep = [&](std::vector<ConsoleEvent> more) {
    std::move(more.begin(), more.end(), std::back_inserter(events));
  };
  std::size_t from = 0;
  for (const std::size_t cut : cuts) {
    keep(parser.feed({log.substr(from, cut - from), Instant{5}}));
    from = cut;
  }
  keep(parser.feed({log.substr(from), Instant{5}}));
  keep(parser.finish());
  return events;
}

}  // namespace relapse::console
