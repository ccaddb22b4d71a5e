// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes on the agent's channel: the same lines in any pieces, and nothing in a message that its line has not.
#include <cmath>
#include <cstdint>
#include <string>
#include <variant>

#include "guest/agent_protocol.hpp"
#include "require.hpp"

namespace relapse::guest {
namespace {

constexpr std::size_t kQuote = 256;  // a line that is none, quoted, and the words around it
constexpr double kMostUptime = 1e9;  // seconds
constexpr int kMostNumber = 1'000'000'000;

std::vector<std::string> split(std::string_view bytes, std::size_t limit, std::size_t piece) {
  LineSplitter splitter(limit);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    for (std::string& line : splitter.feed(bytes.substr(at, piece))) lines.push_back(std::move(line));
  return lines;
}

struct MessageLaws {
  std::string_view line;

  void bounded(const std::string& text) const { require(text.size() <= line.size() + kQuote, "text is bounded", line); }
  void natural(int number) const {
    require(number >= 0 && number <= kMostNumber, "a number is natural and bounded", line);
  }
  void operator()(const AgentReady& ready) const {
    bounded(ready.release);
    natural(ready.cpus);
  }
  void operator()(const AgentStarted& started) const {
    natural(started.id);
    natural(started.pid);
  }
  void operator()(const AgentOutput& output) const {
    natural(output.id);
    bounded(output.line);
#ifdef RELAPSE_PLANTED_BUG
    require(output.id < 2, "the planted bug", line);
#endif
  }
  void operator()(const AgentEnded& ended) const {
    natural(ended.id);
  }
  void operator()(const AgentProblem& problem) const {
    bounded(problem.message);
  }
};

void checkLine(std::string_view line) {
  require(line.find('\n') == std::string_view::npos, "a line is one line", line);
  const AgentMessage message = decodeAgentLine(line);
  require(std::isfinite(message.uptime) && message.uptime >= 0 && message.uptime <= kMostUptime,
          "an uptime is a time since a boot", line);
  std::visit(MessageLaws{line}, message.what);
  if (const auto report = decodeWorkloadReport(line)) {
    require(report->text == line && !report->result.empty(), "a report is its line", line);
    require(report->file.size() <= line.size(), "a report's file is of its line", line);
  }
  if (const auto phase = decodePhase(line)) require(!phase->empty(), "a phase has a name", line);
}

// As the agent reads it (guest-scripts/agent.c).
std::vector<std::string> fieldsOf(std::string_view command) {
  std::vector<std::string> fields(1);
  for (std::size_t at = 0; at < command.size(); ++at) {
    if (command[at] == '\t') {
      fields.emplace_back();
    } else if (command[at] == '\\' && at + 1 < command.size()) {
      const char letter = command[++at];
      fields.back() += letter == 't' ? '\t' : letter == 'n' ? '\n' : letter;
    } else {
      fields.back() += command[at];
    }
  }
  return fields;
}

void checkCommand(std::string_view bytes) {
  const std::string argument(bytes);
  std::string command = runCommand(7, {argument, "x"});
  require(command.find('\n') + 1 == command.size(), "a command is one line", bytes);
  command.pop_back();
  require(fieldsOf(command) == std::vector<std::string>{"run", "7", argument, "x"},
          "a command's arguments arrive as they are", bytes);
}

void check(std::string_view bytes) {
  for (const std::size_t limit : {std::size_t{16}, std::size_t{64} << 10}) {
    const auto lines = split(bytes, limit, bytes.size() + 1);
    require(lines == split(bytes, limit, 1) && lines == split(bytes, limit, 7), "the same lines in any pieces", bytes);
    for (const std::string& line : lines) {
      require(line.size() <= limit, "a line is cut at the limit", line);
      checkLine(line);
    }
  }
  checkLine(bytes.substr(0, bytes.find('\n')));
  checkCommand(bytes);
}

}  // namespace
}  // namespace relapse::guest

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  relapse::guest::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
