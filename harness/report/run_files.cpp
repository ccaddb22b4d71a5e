// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/run_files.hpp"

#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "report/json.hpp"
#include "report/json_parts.hpp"
#include "report/markup.hpp"

namespace relapse::report {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMostBytes = 64u << 20;  // of one file that a page is made from

// Nothing when the file is not there; a note when it is too big.
std::optional<std::string> contentOf(const fs::path& file, std::vector<std::string>& notes) {
  std::error_code error;
  const auto bytes = fs::file_size(file, error);
  if (error) return std::nullopt;
  if (bytes > kMostBytes) {
    notes.push_back(fmt::format("{}: {} MiB are too many for a page", file.filename().string(), bytes >> 20));
    return std::nullopt;
  }
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void readTimeline(const std::string& text, RunFiles& files) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (files.timeline.size() < kMostTimeline) {
      const Json line = Json::parse(text.substr(at, end - at), nullptr, false);
      const auto when = wholeOf(line, "at_ms");
      if (when)
        files.timeline.push_back({std::chrono::milliseconds(*when), textOf(line, "node"), textOf(line, "what"),
                                  textOf(line, "text"), numberOf(line, "guest_time")});
    } else {
      ++files.timelineMore;
    }
    at = end + 1;
  }
}

std::string callWords(const Json& call, bool withFunction) {
  std::string place = textOf(call, "file");
  if (const auto line = wholeOf(call, "line"); line && !place.empty()) place += fmt::format(":{}", *line);
  if (!withFunction) return place;
  return textOf(call, "function") + (place.empty() ? "" : " ") + place;
}

}  // namespace

Result<RunFiles> readRun(const fs::path& folder) {
  RunFiles files;
  const fs::path file = folder / "result.json";
  const auto result = contentOf(file, files.notes);
  if (!result)
    return fail(FailureKind::BadInput,
                fmt::format("{}: expected a run's result there, found none that can be read", file.string()),
                "relapse history");
  files.result = Json::parse(*result, nullptr, false);
  const auto version = wholeOf(files.result, "version");
  if (!version) return fail(FailureKind::BadInput, fmt::format("{}: not the result of a run", file.string()));
  if (*version != kResultVersion)
    return fail(FailureKind::BadInput,
                fmt::format("{}: expected version {}, found {}", file.string(), kResultVersion, *version));
  if (const auto text = contentOf(folder / "postmortem.json", files.notes)) {
    files.postmortem = Json::parse(*text, nullptr, false);
    if (files.postmortem.is_discarded()) files.notes.push_back("postmortem.json: not JSON");
    if (files.postmortem.is_discarded()) files.postmortem = nullptr;
  }
  files.folded = contentOf(folder / "spin.folded", files.notes).value_or("");
  files.disassembly = contentOf(folder / "disassembly.txt", files.notes).value_or("");
  readTimeline(contentOf(folder / "timeline.jsonl", files.notes).value_or(""), files);
  return files;
}

std::vector<std::size_t> decisiveEvents(const Json& result) {
  const std::size_t count = listOf(result, "events").size();
  std::vector<std::size_t> places;
  for (const auto& index : listOf(part(result, "verdict"), "events"))
    if (index.is_number_integer() && index >= 0 && index < count) places.push_back(index.get<std::size_t>());
  return places;
}

const Json& decisiveEvent(const Json& result) {
  static const Json kNone;
  const auto places = decisiveEvents(result);
  return places.empty() ? kNone : listOf(result, "events")[places.front()];
}

std::string kernelWords(const Json& kernel) {
  const std::string release = textOf(kernel, "release");
  const std::string source = textOf(kernel, "source");
  if (release.empty() && source.empty()) return {};
  std::size_t applied = 0;
  for (const auto& patch : listOf(kernel, "patches"))
    if (!isTrue(patch, "already_in_source")) ++applied;
  return fmt::format("{} from {}, {} patch{}", release, source, applied, applied == 1 ? "" : "es");
}

std::string scenarioWord(const std::string& name, const std::filesystem::path& file) {
  return file.empty() || file.parent_path().filename() == "scenarios" ? name : file.string();
}

std::vector<std::string> runCommand(const Json& result) {
  const Json& scenario = part(result, "scenario");
  std::vector<std::string> words{"relapse", "run", scenarioWord(textOf(scenario, "name"), textOf(scenario, "file"))};
  const std::string source = textOf(part(result, "kernel"), "source");
  if (!source.empty()) words.insert(words.end(), {"--kernel", source});
  for (const char* key : {"overrides", "cell"})
    for (const auto& one : listOf(scenario, key))
      if (one.is_string()) words.insert(words.end(), {"--set", one.get<std::string>()});
  return words;
}

std::string commandLine(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + shellWord(word);
  return out;
}

std::string rateWords(const Rate& rate) {
  if (rate.runs == 0) return "no run came to a verdict";
  const double share = static_cast<double>(rate.hits) / rate.runs;
  std::string out = fmt::format("{} of {} run{}, {:.0f} % (95 % interval {:.0f} % to {:.0f} %)", rate.hits, rate.runs,
                                rate.runs == 1 ? "" : "s", 100 * share, 100 * rate.low, 100 * rate.high);
  if (rate.inconclusive > 0) out += fmt::format("; {} more inconclusive", rate.inconclusive);
  return out;
}

std::vector<FrameLine> frameLines(const Json& frames) {
  std::vector<FrameLine> out;
  for (const auto& frame : frames) {
    FrameLine line{textOf(frame, "text"), {}};
    if (line.text.empty()) line.text = textOf(frame, "symbol");
    const Json& calls = listOf(frame, "calls");
    for (std::size_t i = 0; i + 1 < calls.size(); ++i) line.inlined.push_back(callWords(calls[i], true));
    if (!calls.empty()) line.place = callWords(calls.back(), false);
    if (const auto why = textOf(frame, "undecoded"); !why.empty()) line.place = "undecoded: " + why;
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace relapse::report
