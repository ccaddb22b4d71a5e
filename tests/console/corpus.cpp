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
  Expected expected;
  expected.kind = parts[0];
  expected.title = parts[1];
  expected.cpu = parts[2];
  expected.task = parts[3];
  expected.pid = parts[4];
  constexpr std::string_view kFrames = "frames: ";
  if (parts[5].starts_with(kFrames)) expected.frames = split(parts[5].substr(kFrames.size()), ',');
  return expected;
}

// A line that says more about the last event; false for another word.
bool readMore(std::string_view key, const std::string& value, Expected& last) {
  if (key == "message")
    last.message = value;
  else if (key == "taint")
    last.taint = value;
  else if (key == "release")
    last.release = value;
  else if (key == "module")
    last.module = value;
  else if (key == "pc")
    last.pc = value;
  else if (key == "lr")
    last.lr = value;
  else if (key == "registers")
    last.registers = split(value, ',');
  else if (key == "unreliable")
    last.unreliable = split(value, ',');
  else if (key == "lines")
    last.lines = value;
  else if (key == "artefact")
    last.artefact = value;
  else if (key == "count")
    last.count = value;
  else
    return false;
  return true;
}

bool isRemark(std::string_view key) {
  return key == "SPDX-License-Identifier" || key == "kernel" || key == "trigger" || key == "shows";
}

void readHeadLine(std::string_view line, CorpusFile& file) {
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) return;  // a remark goes on
  const std::string_view key = line.substr(0, colon);
  const std::string value = trimmedCopy(line.substr(colon + 2));
  if (key == "signature")
    file.signature = value;
  else if (key == "stray")
    file.stray = value;
  else if (key == "alone")
    file.alone = true;
  else if (key == "expect") {
    if (value != "nothing") file.expected.push_back(readExpected(value));
  } else if (!isRemark(key) && (file.expected.empty() || !readMore(key, value, file.expected.back()))) {
    throw std::runtime_error(fmt::format("expected a word of the head, found \"{}\"", line));
  }
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
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#  ")) continue;  // a remark goes on
    readHeadLine(line.substr(std::min<std::size_t>(2, line.size())), file);
  }
  return file;
}

std::string place(const std::optional<RawFrame>& frame) {
  return frame ? frame->text : "-";
}

std::string orDash(std::string_view text) {
  return text.empty() ? "-" : std::string(text);
}
std::string orDash(const std::optional<int>& number) {
  return number ? std::to_string(*number) : "-";
}

bool isSubsequence(const std::vector<std::string>& wanted, const std::vector<RawFrame>& frames) {
  auto from = frames.begin();
  for (const std::string& symbol : wanted) {
    from = std::find_if(from, frames.end(), [&](const RawFrame& frame) { return frame.symbol == symbol; });
    if (from == frames.end()) return false;
    ++from;
  }
  return true;
}

// Gathers what is not as expected.
class Differences {
 public:
  explicit Differences(std::string_view of) : of_(of) {}

  void compare(std::string_view what, const std::string& expected, const std::string& found) {
    if (expected == found) return;
    text_ += fmt::format("{}: {}: expected \"{}\", found \"{}\"\n", of_, what, expected, found);
  }
  void compare(std::string_view what, const std::optional<std::string>& expected, const std::string& found) {
    if (expected) compare(what, *expected, found);
  }
  void require(bool holds, std::string_view claim) {
    if (!holds) text_ += fmt::format("{}: expected {}\n", of_, claim);
  }
  std::string text() const { return text_; }

 private:
  std::string of_;
  std::string text_;
};

void compareTrace(const Expected& expected, const ConsoleEvent& event, Differences& differences) {
  differences.require(isSubsequence(expected.frames, event.frames),
                      fmt::format("frames {}", fmt::join(expected.frames, ", ")));
  differences.require(expected.frames.empty() == event.frames.empty(),
                      expected.frames.empty() ? "no trace" : "a trace");
  for (const std::string& symbol : expected.unreliable) {
    const bool there = std::any_of(event.frames.begin(), event.frames.end(),
                                   [&](const RawFrame& frame) { return frame.symbol == symbol && !frame.reliable; });
    differences.require(there, "an unreliable frame " + symbol);
  }
  for (const std::string& one : expected.registers) {
    const bool there = std::any_of(event.registers.begin(), event.registers.end(),
                                   [&](const Register& held) { return held.name + "=" + held.value == one; });
    differences.require(there, "register " + one);
  }
}

std::string differenceOf(const Expected& expected, const ConsoleEvent& event, std::string_view log) {
  Differences differences(expected.title);
  differences.compare("kind", expected.kind, std::string(name(event.kind)));
  differences.compare("title", expected.title, event.title);
  differences.compare("cpu", expected.cpu, orDash(event.cpu));
  differences.compare("task", expected.task, orDash(event.task));
  differences.compare("pid", expected.pid, orDash(event.pid));
  differences.compare("artefact", expected.artefact, orDash(name(event.artefact)));
  differences.compare("count", expected.count, std::to_string(event.count));
  differences.compare("message", expected.message, event.message);
  differences.compare("taint", expected.taint, orDash(event.taint));
  differences.compare("release", expected.release, orDash(event.release));
  differences.compare("module", expected.module, event.frames.empty() ? "-" : orDash(event.frames[0].module));
  differences.compare("pc", expected.pc, place(event.pc));
  differences.compare("lr", expected.lr, event.lr ? event.lr->symbol : "-");
  const std::string_view text = log.substr(event.span.first, event.span.past - event.span.first);
  differences.compare("lines", expected.lines, std::to_string(std::count(text.begin(), text.end(), '\n') + 1));
  compareTrace(expected, event, differences);
  return differences.text();
}

std::string signatureOfFirstKind(std::vector<ConsoleEvent> events, const Tables& tables) {
  const EventKind kind = events.front().kind;
  std::erase_if(events, [&](const ConsoleEvent& event) { return event.kind != kind; });
  return signature(events, tables);
}

}  // namespace

std::string difference(const CorpusFile& file, const std::vector<ConsoleEvent>& events, const Tables& tables) {
  Differences differences(file.path.stem().string());
  differences.compare("number of events", std::to_string(file.expected.size()), std::to_string(events.size()));
  std::string text = differences.text();
  for (std::size_t i = 0; i < std::min(events.size(), file.expected.size()); ++i) {
    text += differenceOf(file.expected[i], events[i], file.log);
  }
  if (!file.signature || events.empty()) return text;
  Differences whole(file.path.stem().string());
  whole.compare("signature", file.signature, signatureOfFirstKind(events, tables));
  return text + whole.text();
}

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

std::vector<ConsoleEvent> parsed(std::string_view log, const std::vector<std::size_t>& cuts, const Tables& tables) {
  ConsoleParser parser({.node = "client", .patterns = {}, .tables = &tables, .silence = {}});
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
