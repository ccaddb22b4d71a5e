// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/monitor_answers.hpp"

#include <charconv>

#include <nlohmann/json.hpp>

namespace relapse::guest {

std::optional<bool> readRunning(std::string_view json) {
  const auto answer = nlohmann::json::parse(json, nullptr, false);
  if (!answer.is_object() || !answer.contains("return") || !answer["return"].is_object()) return std::nullopt;
  const auto& status = answer["return"];
  if (!status.contains("running") || !status["running"].is_boolean()) return std::nullopt;
  return status["running"].get<bool>();
}

std::optional<int> readGdbPort(std::string_view text) {
  static constexpr std::string_view kName = "gdb: filename=";
  static constexpr std::string_view kAddress = ":127.0.0.1:";
  const auto line = text.find(kName);
  if (line == std::string_view::npos || (line != 0 && text[line - 1] != '\n')) return std::nullopt;
  text = text.substr(line, text.find('\n', line) - line);
  const auto address = text.find(kAddress);
  if (address == std::string_view::npos) return std::nullopt;
  text.remove_prefix(address + kAddress.size());
  int port = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), port);
  if (end.ec != std::errc() || port < 1 || port > 65535) return std::nullopt;
  return port;
}

}  // namespace relapse::guest
