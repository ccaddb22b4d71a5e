// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/history_text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/terminal.hpp"

namespace relapse::cli {
namespace {

using Json = nlohmann::ordered_json;
using report::plain;

// "2026-11-28 16:00:00" of "2026-11-28T16:00:00Z".
std::string readable(const std::string& time) {
  std::string out = plain(time.substr(0, time.find('Z')));
  std::ranges::replace(out, 'T', ' ');
  return out;
}

std::string line(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json orNull(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

std::string size(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  auto shown = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; shown >= 1024 && unit + 1 < std::size(kUnits); ++unit) shown /= 1024;
  return fmt::format("{:.1f} {}", shown, kUnits[unit]);
}

}  // namespace

std::string historyText(const history::Run& run) {
  const std::string& told = run.signature.empty() ? run.reason : run.signature;
  std::string out = fmt::format("{}  {:<13}  {:<12} {:>12}  {}{}\n", readable(run.startedAt), run.verdict,
                                plain(run.release), report::duration(run.took), plain(run.scenario),
                                run.cell.empty() ? std::string() : " " + plain(run.cell));
  out += fmt::format("    {}", plain(run.id));
  if (run.directory.empty()) out += " (not kept)";
  if (!run.prunedAt.empty()) out += " (pruned)";
  return out + (told.empty() ? std::string() : ": " + plain(told)) + "\n";
}

std::string historyText(const history::Signature& signature) {
  std::string out =
      fmt::format("{}\n    {} run{}, {} to {}, in {}\n", plain(signature.signature), signature.runs,
                  signature.runs == 1 ? "" : "s", readable(signature.firstSeen), readable(signature.lastSeen),
                  plain(fmt::format("{}", fmt::join(signature.scenarios, ", "))));
  return out + (signature.evidence.empty() ? std::string("    no evidence is left\n")
                                           : fmt::format("    {}\n", plain(signature.evidence.string())));
}

std::string historyText(const history::Night& night) {
  return fmt::format("{}  {:<30}  {:<6}  {}\n", readable(night.startedAt), plain(night.id), plain(night.engine),
                     night.finishedAt.empty() ? "not finished" : "finished " + readable(night.finishedAt));
}

std::string prunedText(const history::Pruned& pruned, bool dryRun) {
  std::string out;
  for (const auto& directory : pruned.directories)
    out += fmt::format("{} {}\n", dryRun ? "would remove" : "removed", plain(directory.string()));
  return out + fmt::format("{}{} director{}, {}\n", dryRun ? "a dry run, nothing was removed: " : "removed ",
                           pruned.directories.size(), pruned.directories.size() == 1 ? "y" : "ies", size(pruned.bytes));
}

std::string historyJson(const history::Run& run) {
  return line({{"id", run.id},
               {"directory", orNull(run.directory)},
               {"started_at", run.startedAt},
               {"scenario", run.scenario},
               {"cell", run.cell},
               {"kernel", run.kernel},
               {"release", run.release},
               {"build_id", run.buildId},
               {"line", run.line},
               {"seed", run.seed},
               {"verdict", run.verdict},
               {"expected", run.expected},
               {"held", run.held},
               {"signature", orNull(run.signature)},
               {"title", orNull(run.title)},
               {"reason", orNull(run.reason)},
               {"to_event_ms", run.toEvent ? Json(run.toEvent->count()) : Json(nullptr)},
               {"took_ms", run.took.count()},
               {"watched_ms", run.watched.count()},
               {"evidence", run.evidence},
               {"night", orNull(run.night)},
               {"night_cell", orNull(run.nightCell)},
               {"number", run.number},
               {"pruned_at", orNull(run.prunedAt)}});
}

std::string historyJson(const history::Signature& signature) {
  return line({{"signature", signature.signature},
               {"title", signature.title},
               {"runs", signature.runs},
               {"first_seen", signature.firstSeen},
               {"last_seen", signature.lastSeen},
               {"scenarios", signature.scenarios},
               {"evidence", orNull(signature.evidence)}});
}

std::string historyJson(const history::Night& night) {
  return line({{"id", night.id},
               {"matrix", night.matrix},
               {"sum", night.sum},
               {"started_at", night.startedAt},
               {"finished_at", orNull(night.finishedAt)},
               {"engine", night.engine}});
}

std::string prunedJson(const history::Pruned& pruned, bool dryRun) {
  Json directories = Json::array();
  for (const auto& directory : pruned.directories) directories.push_back(directory.string());
  return line({{"dry_run", dryRun}, {"bytes", pruned.bytes}, {"directories", directories}});
}

}  // namespace relapse::cli
