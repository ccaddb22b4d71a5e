// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "guest/values.hpp"

namespace relapse::guest {

// The agent's channel: to the guest one command a line, fields separated by tabs; from the guest
// one JSON object a line. The other side is guest-scripts/agent.c. Pure; the guest is not trusted.

// "run\t7\t/relapse/mark\thello\n", with tab, newline and backslash escaped in the fields.
std::string runCommand(int id, const std::vector<std::string>& argv);
std::string killCommand(int id, int signal);

// A line that is not of the protocol becomes an AgentProblem that quotes its beginning.
AgentMessage decodeAgentLine(std::string_view line);

// What a line of a program's output says of the program's result; nothing if it is no such line.
std::optional<WorkloadReport> decodeWorkloadReport(std::string_view line);

// "trigger-due" of {"phase":"trigger-due"}; nothing for other lines.
std::optional<std::string> decodePhase(std::string_view line);

// Cuts the channel's bytes into lines. A line over the limit is given once, cut to it.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t limit = 64u << 10) : limit_(limit) {}
  std::vector<std::string> feed(std::string_view bytes);

 private:
  std::size_t limit_;
  std::string open_;
  bool overlong_ = false;
};

}  // namespace relapse::guest
