// SPDX-License-Identifier: GPL-2.0-or-later
#include <fstream>
#include <iterator>
#include <variant>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/found_run.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "report/bisect.hpp"
#include "report/checks.hpp"
#include "report/json_parts.hpp"
#include "report/mail.hpp"
#include "report/night_page.hpp"
#include "report/run_page.hpp"
#include "report/similar_runs.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;

// What a directory holds: a run, a night or a bisect.
struct Kept {
  fs::path folder;
  std::variant<report::RunFiles, report::NightReport, report::BisectReport> what;
};

std::string contentOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Result<Kept> readKept(const fs::path& folder) {
  std::error_code error;
  if (const fs::path file = folder / "night.json"; fs::exists(file, error)) {
    auto night = report::readNight(contentOf(file));
    if (!night) return fail(night.error().kind, fmt::format("{}: {}", file.string(), night.error().message));
    return Kept{folder, std::move(*night)};
  }
  if (const fs::path file = folder / "bisect.json"; fs::exists(file, error)) {
    auto bisect = report::readBisect(contentOf(file));
    if (!bisect) return fail(bisect.error().kind, fmt::format("{}: {}", file.string(), bisect.error().message));
    return Kept{folder, std::move(*bisect)};
  }
  auto run = report::readRun(folder);
  if (!run) return passOn(run.error());
  run->rate = report::rateBeside(folder);
  return Kept{folder, std::move(*run)};
}

Result<std::vector<Kept>> readAll(const ReportArguments& arguments, const fs::path& state) {
  std::vector<Kept> all;
  for (const auto& word : arguments.what) {
    const auto folder = findKept(word, state, {"runs", "nights", "bisects"},
                                 "a run's, a night's or a bisect's directory, the name of one");
    if (!folder) return passOn(folder.error());
    auto kept = readKept(*folder);
    if (!kept) return passOn(kept.error());
    all.push_back(std::move(*kept));
  }
  return all;
}

struct Page {
  std::string operator()(const report::RunFiles& run) const { return report::runPage(run); }
  std::string operator()(const report::NightReport& night) const {
    return report::nightPage(night, report::nightPlots(night));
  }
  std::string operator()(const report::BisectReport& bisect) const { return report::bisectPage(bisect); }
};
struct Mail {
  std::string operator()(const report::RunFiles& run) const { return report::mail(run); }
  std::string operator()(const report::NightReport& night) const { return report::mail(night); }
  std::string operator()(const report::BisectReport& bisect) const { return report::bisectMail(bisect); }
};
struct JsonText {
  std::string operator()(const report::RunFiles& run) const { return report::dumped(run.result, 2) + "\n"; }
  std::string operator()(const report::NightReport& night) const { return report::nightJson(night); }
  std::string operator()(const report::BisectReport& bisect) const { return report::bisectJson(bisect); }
};

// Runs are one list, whose groups are their scenarios; a night is a list of its own.
Result<report::CheckList> checksOf(const std::vector<Kept>& all) {
  std::vector<report::RunFiles> runs;
  for (const auto& kept : all) {
    const auto* run = std::get_if<report::RunFiles>(&kept.what);
    if (run != nullptr) runs.push_back(*run);
  }
  if (runs.size() == all.size()) return report::checksOf(runs);
  const auto* night = all.size() == 1 ? std::get_if<report::NightReport>(&all.front().what) : nullptr;
  if (night != nullptr) return report::checksOf(*night);
  return fail(FailureKind::BadInput, "junit and ktap: expected runs, or one night");
}

Result<std::string> textOf(const std::vector<Kept>& all, const std::string& format) {
  if (format == "junit" || format == "ktap") {
    const auto checks = checksOf(all);
    if (!checks) return passOn(checks.error());
    return format == "junit" ? report::junit(*checks) : report::ktap(*checks);
  }
  std::string out;
  for (const auto& kept : all)
    out += format == "mail"   ? std::visit(Mail{}, kept.what)
           : format == "json" ? std::visit(JsonText{}, kept.what)
                              : std::visit(Page{}, kept.what);
  return out;
}

Result<void> write(const fs::path& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) return fail(FailureKind::Exhausted, fmt::format("{}: cannot be written", file.string()));
  return {};
}

// report.html of each, in its own directory.
Result<std::string> writePages(const std::vector<Kept>& all) {
  std::string written;
  for (const auto& kept : all) {
    const fs::path file = kept.folder / "report.html";
    if (auto done = write(file, std::visit(Page{}, kept.what)); !done) return passOn(done.error());
    written += file.string() + "\n";
  }
  return written;
}

Result<std::string> reported(const ReportArguments& arguments, const fs::path& state) {
  const auto all = readAll(arguments, state);
  if (!all) return passOn(all.error());
  if (arguments.format == "html" && arguments.output.empty()) return writePages(*all);
  if (arguments.format == "html" && all->size() > 1)
    return fail(FailureKind::BadInput, "-o: expected one run, night or bisect, as html has a page for each");
  auto text = textOf(*all, arguments.format);
  if (!text || arguments.output.empty() || arguments.output == "-") return text;
  if (auto done = write(arguments.output, *text); !done) return passOn(done.error());
  return arguments.output.string() + "\n";
}

}  // namespace

int reportCommand(const ReportArguments& arguments, const Common& common) {
  ReportArguments wanted = arguments;
  if (wanted.format.empty()) wanted.format = common.json ? "json" : "html";
  const auto said = reported(wanted, places(common.stateDir).state);
  if (!said) {
    printFailure(said.error());
    return exitStatusOf(said.error().kind);
  }
  Output output;
  output.write(*said);
  return output.end(0);
}

}  // namespace relapse::cli
