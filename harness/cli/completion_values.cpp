// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/completion_values.hpp"

namespace relapse::cli {
namespace {

struct Row {
  std::string_view value;
  Offer offer;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> table = {
      {"FILE", {"", true, false, false}},          {"PATH", {"", true, false, false}},
      {"DIR", {"", false, true, false}},           {"SCENARIO", {"scenario", true, false, false}},
      {"RUN", {"run", false, true, false}},        {"SOURCE", {"kernel", true, false, false}},
      {"KIND,...", {"event", false, false, true}},
  };
  return table;
}

void add(std::vector<Place>& all, const CommandView& command, const Place& above) {
  Place place{above.path.empty() ? command.name : above.path + " " + command.name, above.path, &command,
              command.options};
  place.options.insert(place.options.end(), command.inherited.begin(), command.inherited.end());
  all.push_back(place);
  for (const auto& one : command.commands) add(all, one, place);
}

}  // namespace

Offer offerFor(const OptionView& option) {
  for (const auto& row : rows())
    if (row.value == option.value) return row.offer;
  return {};
}

std::vector<Place> placesOf(const CommandView& root) {
  std::vector<Place> all{{"", "", &root, root.options}};
  const Place top = all.front();
  for (const auto& command : root.commands) add(all, command, top);
  return all;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace relapse::cli
