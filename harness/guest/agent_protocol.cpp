// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/agent_protocol.hpp"

#include <nlohmann/json.hpp>

#include <fmt/format.h>

namespace relapse::guest {
namespace {

using nlohmann::json;

constexpr std::size_t kQuoted = 160;
constexpr double kMostUptime = 1e9;  // seconds

std::string escaped(std::string_view field) {
  std::string out;
  for (const char c : field) {
    switch (c) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// A JSON object, or null for anything else. Never throws. Depth is bounded by the line's length.
json object(std::string_view line) {
  if (line.empty() || line.front() != '{') return nullptr;
  json value = json::parse(line, nullptr, false);
  return value.is_object() ? value : json(nullptr);
}

int integer(const json& value, const char* key, int otherwise) {
  const auto found = value.find(key);
  if (found == value.end() || !found->is_number_integer()) return otherwise;
  const auto wide = found->get<std::int64_t>();
  return wide < 0 || wide > 1'000'000'000 ? otherwise : static_cast<int>(wide);
}

// What is no time since a boot is 0, as if there were none.
double secondsOf(double uptime) {
  return uptime >= 0 && uptime <= kMostUptime ? uptime : 0;
}

std::string text(const json& value, const char* key) {
  const auto found = value.find(key);
  return found != value.end() && found->is_string() ? found->get<std::string>() : std::string();
}

AgentMessage problem(std::string_view line) {
  return {0, AgentProblem{fmt::format("not of the agent's protocol: \"{}\"", line.substr(0, kQuoted))}};
}

}  // namespace

std::string runCommand(int id, const std::vector<std::string>& argv) {
  std::string line = fmt::format("run\t{}", id);
  for (const auto& field : argv) line += '\t' + escaped(field);
  return line + '\n';
}

std::string killCommand(int id, int signal) {
  return fmt::format("kill\t{}\t{}\n", id, signal);
}

AgentMessage decodeAgentLine(std::string_view line) {
  const json value = object(line);
  if (value.is_null()) return problem(line);
  AgentMessage message;
  if (const auto uptime = value.find("uptime"); uptime != value.end() && uptime->is_number())
    message.uptime = secondsOf(uptime->get<double>());
  const std::string event = text(value, "event");
  const int id = integer(value, "id", -1);
  if (event == "ready") {
    message.what = AgentReady{text(value, "release"), integer(value, "cpus", 0)};
  } else if (event == "error" || event == "dropped") {
    message.what = AgentProblem{event == "error" ? text(value, "message") : "the agent dropped output lines"};
  } else if (id < 0) {
    return problem(line);
  } else if (event == "started") {
    message.what = AgentStarted{id, integer(value, "pid", 0)};
  } else if (event == "output") {
    message.what = AgentOutput{id, text(value, "stream") == "err", text(value, "line")};
  } else if (event == "exited") {
    message.what = AgentEnded{id, Exited{integer(value, "status", 255)}};
  } else if (event == "killed") {
    message.what = AgentEnded{id, Killed{integer(value, "signal", 0)}};
  } else if (event == "failed") {
    message.what = AgentEnded{id, NotStarted{text(value, "error")}};
  } else {
    return problem(line);
  }
  return message;
}

std::optional<WorkloadReport> decodeWorkloadReport(std::string_view line) {
  const json value = object(line);
  if (value.is_null() || text(value, "result").empty()) return std::nullopt;
  WorkloadReport report{text(value, "result"), std::nullopt, std::string(line)};
  if (const auto error = text(value, "errno"); !error.empty()) report.error = error;
  report.file = text(value, "file");
  if (const auto offset = value.find("offset"); offset != value.end() && offset->is_number_unsigned())
    report.offset = offset->get<std::uint64_t>();
  return report;
}

std::optional<std::string> decodePhase(std::string_view line) {
  const json value = object(line);
  if (value.is_null() || text(value, "phase").empty()) return std::nullopt;
  return text(value, "phase");
}

std::vector<std::string> LineSplitter::feed(std::string_view bytes) {
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    if (!overlong_) open_.append(piece.substr(0, limit_ - std::min(limit_, open_.size())));
    overlong_ = overlong_ || open_.size() >= limit_;
    if (end == std::string_view::npos) break;
    lines.push_back(std::move(open_));
    open_.clear();
    overlong_ = false;
    bytes.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace relapse::guest
