// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/knobs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "campaign/ladder.hpp"
#include "document/errors.hpp"
#include "scenario/vocabulary.hpp"

namespace relapse::campaign {
namespace {

using scenario::Scenario;

struct Part {
  std::string_view text;
  std::size_t at = 0;  // where it begins in the whole
};

// Cuts at `separator`, but not within brackets, braces or quotes.
std::vector<Part> cut(Part whole, char separator) {
  std::vector<Part> parts;
  std::size_t begin = 0;
  int depth = 0;
  char quote = 0;
  for (std::size_t i = 0; i < whole.text.size(); ++i) {
    const char c = whole.text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == separator && depth <= 0) {
      parts.push_back({whole.text.substr(begin, i - begin), whole.at + begin});
      begin = i + 1;
    }
  }
  parts.push_back({whole.text.substr(begin), whole.at + begin});
  return parts;
}

bool isMountSize(std::string_view name) {
  return name == "wsize" || name == "rsize";
}

const scenario::Program* programOf(const scenario::Step& step) {
  const auto* work = std::get_if<scenario::WorkStep>(&step);
  if (work == nullptr) return nullptr;
  const auto& programs = scenario::kPrograms;
  const auto found =
      std::find_if(programs.begin(), programs.end(), [&](const auto& p) { return p.name == work->program; });
  return found == programs.end() ? nullptr : &*found;
}

// The keys that a short name sets to its value; empty: it is no short name, or this scenario has none of them.
std::vector<std::string> keysOf(std::string_view name, const Scenario& scenario) {
  if (name == "cpus") return {"nodes.client.cpus"};
  if (name == "memory") return {"nodes.client.memory"};
  if (name == "clients") return {"nodes.client.count"};
  if (name == "version") return {"nfs.mount.version"};
  if (name != "writers" && name != "rounds") return {};
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < scenario.steps.size(); ++i) {
    const auto* program = programOf(scenario.steps[i]);
    if (program != nullptr && (name == "writers" ? program->mostWriters : program->mostRounds) > 1)
      keys.push_back(fmt::format("steps[{}].work.{}", i, name));
  }
  return keys;
}

Notation notationOf(std::string_view name) {
  if (isMountSize(name)) return Notation::PlainBytes;
  return name == "memory" ? Notation::ScenarioSize : Notation::AsWritten;
}

// What this scenario lacks for the knob; empty: nothing.
std::string lackingFor(std::string_view name, const Scenario& scenario) {
  if ((name == "writers" || name == "rounds") && keysOf(name, scenario).empty())
    return fmt::format("expected a scenario with a work step whose program takes several {}, found none", name);
  if ((isMountSize(name) || name == "version") && !scenario.nfs)
    return "expected a scenario with an nfs section, found none";
  if (name == "server" && scenario.nodes.contains("server")) return "expected a scenario without a server, found one";
  return {};
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return std::string(text);
}

class KnobReader {
 public:
  KnobReader(const Scenario& scenario, document::Errors& errors) : scenario_(scenario), errors_(errors) {}

  std::optional<Knob> read(Part part);

 private:
  bool isName(const std::string& name, std::size_t at);
  std::optional<std::vector<std::string>> values(const std::string& name, Part text);
  std::nullopt_t refuse(std::size_t at, std::string_view name, std::string_view problem) {
    errors_.add({"--vary", 1, static_cast<int>(at) + 1}, name, problem);
    return std::nullopt;
  }

  const Scenario& scenario_;
  document::Errors& errors_;
};

bool KnobReader::isName(const std::string& name, std::size_t at) {
  std::vector<std::string_view> names;
  for (const auto& known : shortNames()) names.push_back(known.name);
  names.emplace_back("jitter");
  const bool isKey = name.find('.') != std::string::npos;
  if (!isKey && std::find(names.begin(), names.end(), name) == names.end()) {
    refuse(at, {},
           fmt::format("expected {} or a key such as nfs.mount.version, found {}{}", fmt::join(names, ", "),
                       document::quote(name), document::didYouMean(name, names)));
    return false;
  }
  const auto lacking = lackingFor(name, scenario_);
  if (!lacking.empty()) refuse(at, name, lacking);
  return lacking.empty();
}

std::optional<std::vector<std::string>> KnobReader::values(const std::string& name, Part text) {
  const auto written = cut(text, '|');
  const bool range = written.size() == 1 && text.text.find("..") != std::string_view::npos &&
                     std::string_view("[{\"'").find(text.text.front()) == std::string_view::npos;
  if (range) {
    auto steps = ladder(text.text, notationOf(name));
    if (!steps) return refuse(text.at, name, steps.error().message);
    return *steps;
  }
  std::vector<std::string> values;
  for (const Part& one : written) {
    const auto value = inNotation(trimmed(one.text), notationOf(name));
    if (value.empty()) return refuse(one.at, name, "expected a value, found nothing");
    if (std::find(values.begin(), values.end(), value) != values.end())
      return refuse(one.at, name, fmt::format("expected each value once, found {} again", document::quote(value)));
    values.push_back(value);
  }
  return values;
}

std::optional<Knob> KnobReader::read(Part part) {
  const auto equals = part.text.find('=');
  const std::string name = trimmed(part.text.substr(0, equals));
  if (equals == std::string_view::npos || name.empty())
    return refuse(part.at, {},
                  fmt::format("expected NAME=VALUES such as writers=1..64, found {}", document::quote(part.text)));
  if (name == "seed") return refuse(part.at, name, "expected another key: each try has a seed of its own");
  if (!isName(name, part.at)) return std::nullopt;
  const Part text{part.text.substr(equals + 1), part.at + equals + 1};
  if (trimmed(text.text).empty()) return refuse(text.at, name, "expected values such as 1..64 or a|b, found nothing");
  if (name == "timing") {
    if (trimmed(text.text) == "jitter") return Knob{"jitter", {"0ms", "50ms", "200ms", "1s"}};
    return refuse(text.at, name, fmt::format("expected jitter, found {}", document::quote(text.text)));
  }
  auto found = values(name, text);
  if (!found) return std::nullopt;
  if (name == "server" &&
      std::any_of(found->begin(), found->end(), [](const auto& v) { return v != "yes" && v != "no"; }))
    return refuse(text.at, name, fmt::format("expected yes|no, found {}", document::quote(text.text)));
  return Knob{name, std::move(*found)};
}

void checkTogether(const std::vector<Knob>& knobs, document::Errors& errors) {
  std::size_t settings = 1;
  for (std::size_t i = 0; i < knobs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j)
      if (knobs[j].name == knobs[i].name)
        errors.add({"--vary", 0, 0}, knobs[i].name, "expected each knob once, found it again");
    settings = std::min(settings * knobs[i].values.size(), kMostSettings + 1);
  }
  if (settings > kMostSettings)
    errors.add({"--vary", 0, 0}, {}, fmt::format("expected at most {} settings in all, found more", kMostSettings));
}

// A scenario's mount options with these knobs' in place of their own.
std::string mountOptions(const std::vector<std::string>& own,
                         const std::vector<std::pair<std::string, std::string>>& sizes) {
  std::vector<std::string> options;
  for (const auto& option : own) {
    const auto name = option.substr(0, option.find('='));
    const bool replaced = std::any_of(sizes.begin(), sizes.end(), [&](const auto& size) { return size.first == name; });
    if (!replaced) options.push_back(option);
  }
  for (const auto& [name, value] : sizes) options.push_back(fmt::format("{}={}", name, value));
  return fmt::format("nfs.mount.options=[{}]", fmt::join(options, ", "));
}

// How far two combinations are from each other; a knob's ends are 1 apart.
double distance(const std::vector<Knob>& knobs, const std::vector<std::size_t>& a, const std::vector<std::size_t>& b) {
  double sum = 0;
  for (std::size_t k = 0; k < knobs.size(); ++k) {
    if (knobs[k].values.size() < 2) continue;
    const double apart = static_cast<double>(a[k]) - static_cast<double>(b[k]);
    const double part = apart / static_cast<double>(knobs[k].values.size() - 1);
    sum += part * part;
  }
  return std::sqrt(sum);
}

}  // namespace

const std::vector<ShortName>& shortNames() {
  static const std::vector<ShortName> names{
      {"writers", "writers=1..64", "of each work step whose program takes several"},
      {"rounds", "rounds=1..1000", "likewise"},
      {"cpus", "cpus=1..4", "of the clients (nodes.client.cpus)"},
      {"memory", "memory=256M..1G", "of the clients (nodes.client.memory)"},
      {"clients", "clients=1..4", "how many (nodes.client.count)"},
      {"version", "version=3|4.1", "of the protocol (nfs.mount.version)"},
      {"wsize", "wsize=4k..64k", "the mount option"},
      {"rsize", "rsize=4k..64k", "the mount option"},
      {"timing", "timing=jitter", "each work starts up to 0, 50 ms, 200 ms, 1 s later (jitter)"},
      {"server", "server=no|yes", "a guest of its own exports"},
  };
  return names;
}

Result<std::vector<Knob>> parseKnobs(std::string_view text, const Scenario& scenario) {
  document::Errors errors;
  KnobReader reader(scenario, errors);
  std::vector<Knob> knobs;
  for (const Part& part : cut({text, 0}, ','))
    if (auto knob = reader.read(part)) knobs.push_back(std::move(*knob));
  checkTogether(knobs, errors);
  if (!errors.empty()) return errors.failure();
  return knobs;
}

std::vector<std::string> overridesOf(const std::vector<Knob>& knobs, const std::vector<std::size_t>& choice,
                                     const Scenario& scenario) {
  std::vector<std::string> overrides;
  std::vector<std::pair<std::string, std::string>> sizes;
  for (std::size_t k = 0; k < choice.size(); ++k) {
    const auto& name = knobs[k].name;
    const auto& value = knobs[k].values[choice[k]];
    const auto keys = keysOf(name, scenario);
    for (const auto& key : keys) overrides.push_back(fmt::format("{}={}", key, value));
    if (isMountSize(name)) {
      sizes.emplace_back(name, value);
    } else if (name == "server") {
      if (value == "yes") overrides.push_back("nodes.server={}");
    } else if (keys.empty()) {
      overrides.push_back(fmt::format("{}={}", name, value));
    }
  }
  if (!sizes.empty() && scenario.nfs) overrides.push_back(mountOptions(scenario.nfs->mount.options, sizes));
  return overrides;
}

std::string labelOf(const std::vector<Knob>& knobs, const std::vector<std::size_t>& choice) {
  std::vector<std::string> parts;
  for (std::size_t k = 0; k < choice.size(); ++k)
    parts.push_back(fmt::format("{}={}", knobs[k].name, knobs[k].values[choice[k]]));
  return fmt::format("{}", fmt::join(parts, " "));
}

std::vector<std::vector<std::size_t>> combinations(const std::vector<Knob>& knobs) {
  std::vector<std::vector<std::size_t>> all{{}};
  for (const auto& knob : knobs) {
    std::vector<std::vector<std::size_t>> longer;
    for (const auto& begin : all)
      for (std::size_t v = 0; v < knob.values.size(); ++v) {
        longer.push_back(begin);
        longer.back().push_back(v);
      }
    all = std::move(longer);
  }
  return all;
}

std::vector<std::size_t> spreadOut(const std::vector<Knob>& knobs,
                                   const std::vector<std::vector<std::size_t>>& choices) {
  std::vector<double> nearest(choices.size(), std::numeric_limits<double>::max());
  std::vector<std::size_t> order;
  while (order.size() < choices.size()) {
    const auto next = static_cast<std::size_t>(std::max_element(nearest.begin(), nearest.end()) - nearest.begin());
    order.push_back(next);
    for (std::size_t i = 0; i < choices.size(); ++i)
      nearest[i] = std::min(nearest[i], distance(knobs, choices[i], choices[next]));
    nearest[next] = -1;
  }
  return order;
}

}  // namespace relapse::campaign
