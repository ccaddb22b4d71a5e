// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "report/bisect.hpp"
#include "report/bisect_chart.hpp"
#include "report/bisect_words.hpp"
#include "report/lines.hpp"
#include "report/markup.hpp"
#include "report/page.hpp"
#include "report/rate_parts.hpp"
#include "report/terminal.hpp"

namespace relapse::report {
namespace {

constexpr std::size_t kMostShown = 60;     // rows of the table that is not folded
constexpr std::size_t kMostFolded = 4096;  // and of the one that is
constexpr std::size_t kMostNamed = 12;
constexpr std::size_t kLongestSubject = 72;  // in the folded one

std::string paragraph(std::string_view text) {
  return text.empty() ? "" : fmt::format("<p>{}</p>\n", escaped(text));
}

std::string muted(std::string_view text) {
  return text.empty() ? "" : fmt::format("<br><span class=\"muted\">{}</span>", escaped(text));
}

// A table of kernels, whose second column is what each is.
std::string kernels(std::string_view label, const std::vector<std::string_view>& headings,
                    const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return {};
  return "<div class=\"kernels\">" + wide(label, table(headings, rows)) + "</div>\n";
}

Tone toneOf(const BisectReport& bisect) {
  if (!isFound(bisect))
    return bisect.ending == "not-decided" || bisect.ending == "under-way" || bisect.ending == "interrupted" ? Tone::Warn
                                                                                                            : Tone::Bad;
  const bool inDoubt = std::ranges::any_of(bisect.checks, [](const auto& check) { return check.made && !check.held; });
  return inDoubt || chosenOf(bisect).size() > 1 ? Tone::Warn : Tone::Good;
}

std::string header(const BisectReport& bisect) {
  const bool found = isFound(bisect);
  const std::string result = resultWords(bisect);
  const std::size_t colon = result.find(": ");
  return fmt::format("<p class=\"kicker\">Relapse bisect {}</p>\n<h1>{} {}</h1>\n", escaped(bisect.id),
                     badge(toneOf(bisect), result.substr(0, colon)), escaped(result.substr(colon + 2))) +
         facts({{found ? "result" : "wanted", escaped(meaningWords(bisect))},
                {"sure", chosenOf(bisect).empty() ? "" : escaped(sureWords(bisect))},
                {"scenario", escaped(bisect.scenario)},
                {"source", escaped(bisect.source)},
                {"release", escaped(bisect.release)},
                {"effort", escaped(effortWords(bisect))},
                {"started", escaped(bisect.startedAt)},
                {"finished", escaped(bisect.finishedAt)}});
}

// What is known of the one that it is.
std::string culpritMarkup(const BisectReport& bisect, const BisectCulprit& culprit) {
  const std::string commit = shortCommit(culprit.commit);
  std::string out = facts({{"subject", escaped(culprit.subject)},
                           {"author", escaped(culprit.author)},
                           {"commit", commit.empty() ? "" : code(culprit.commit)},
                           {"message-id", culprit.messageId.empty() ? "" : code(culprit.messageId)}});
  if (commit.empty() || bisect.fixedBy) return out;
  return out + preformatted(fmt::format("Fixes: {} (\"{}\")", commit, cleanLine(culprit.subject)));
}

std::string culpritsTable(const BisectReport& bisect) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < bisect.culprits.size() && i < kMostNamed; ++i) {
    const auto& culprit = bisect.culprits[i];
    const std::string commit = shortCommit(culprit.commit);
    rows.push_back({escaped(culprit.subject), escaped(culprit.author), commit.empty() ? "" : code(commit)});
  }
  std::string out = wide("Those that are left", table({"subject", "author", "commit"}, rows));
  if (bisect.culprits.size() > rows.size())
    out += fmt::format("<p>and {} more</p>\n", bisect.culprits.size() - rows.size());
  return out;
}

Section resultSection(const BisectReport& bisect) {
  std::string out = bisect.words.empty() ? "" : fmt::format("<p class=\"sentence\">{}</p>\n", escaped(bisect.words));
  out += paragraph(apartWords(bisect));
  out += bisect.culprits.size() == 1 ? culpritMarkup(bisect, bisect.culprits.front()) : culpritsTable(bisect);
  if (bisect.rate > 0) {
    const std::string rate = "It comes " + rateWords(bisect);
    out += paragraph(rate) + rangeBar(bisect.rateLow, bisect.rate, bisect.rateHigh, rate);
  }
  return {"result", "Result", out + paragraph(nextWords(bisect).empty() ? "" : "Next: " + nextWords(bisect))};
}

std::string runList(const std::vector<BisectRun>& runs) {
  std::string out;
  for (const auto& run : runs) {
    const std::string& what = run.signature.empty() ? run.reason : run.signature;
    out += fmt::format("<li>{}{}{} <span class=\"muted\">{}</span></li>\n", runLink(run.directory, run.outcome),
                       what.empty() ? "" : ": ", escaped(what), duration(run.took));
  }
  return out.empty() ? out : details(counted(runs.size(), "run"), "<ul>\n" + out + "</ul>\n");
}

// The four numbers and the runs of a kernel.
void addCount(std::vector<std::string>& row, const BisectCount& count, const std::vector<BisectRun>& runs) {
  const bool tried = count.tries() + count.inconclusive > 0;
  for (const int many : {count.bad, count.good, count.other, count.inconclusive})
    row.push_back(tried ? std::to_string(many) : "");
  row.push_back(runList(runs));
}

std::vector<std::string> endRow(const BisectEnd& end, const char* which) {
  std::vector<std::string> row{"", escaped(end.name) + muted(which), ""};
  addCount(row, end.count, end.runs);
  row.emplace_back();
  return row;
}

std::vector<std::string> candidateRow(const BisectReport& bisect, std::size_t place) {
  const auto& candidate = bisect.candidates[place];
  const std::string subject = candidate.subject == candidate.name ? "" : candidate.subject;
  std::string name =
      (candidate.chosen ? badge(bisect.fixedBy ? Tone::Good : Tone::Bad, chosenWord(bisect)) + " " : "") +
      escaped(candidate.name);
  std::vector<std::string> row{std::to_string(place + 1), name + muted(subject), percent(candidate.posterior)};
  addCount(row, candidate.count, candidate.runs);
  row.push_back(escaped(noteWords(candidate)));
  return row;
}

std::vector<std::string> gapRow(std::size_t from, std::size_t to) {
  return {"", fmt::format("<span class=\"muted\">{} more</span>", to - from), "", "", "", "", "", "", ""};
}

std::string shownTable(const BisectReport& bisect, const std::vector<std::size_t>& shown) {
  const auto good = endRow(bisect.good, "good end");
  const auto bad = endRow(bisect.bad, "bad end");
  std::vector<std::vector<std::string>> rows{bisect.fixedBy ? bad : good};
  std::size_t next = 0;
  for (const auto place : shown) {
    if (next < place) rows.push_back(gapRow(next, place));
    rows.push_back(candidateRow(bisect, place));
    next = place + 1;
  }
  if (next < bisect.candidates.size()) rows.push_back(gapRow(next, bisect.candidates.size()));
  rows.push_back(bisect.fixedBy ? good : bad);
  return kernels("Candidates that were tried, and those beside the chosen",
                 {"#place", "name", "#likely", "#bad", "#good", "#other", "#no verdict", "runs", "note"}, rows);
}

std::string foldedTable(const BisectReport& bisect, const std::vector<std::size_t>& shown) {
  std::vector<std::vector<std::string>> rows;
  std::size_t more = 0;
  for (std::size_t i = 0; i < bisect.candidates.size(); ++i) {
    if (std::ranges::binary_search(shown, i)) continue;
    const auto& candidate = bisect.candidates[i];
    const std::string subject =
        candidate.subject == candidate.name ? "" : cutTo(cleanLine(candidate.subject), kLongestSubject);
    if (rows.size() < kMostFolded)
      rows.push_back({std::to_string(i + 1), escaped(candidate.name), escaped(subject), percent(candidate.posterior),
                      escaped(noteWords(candidate))});
    else
      ++more;
  }
  if (rows.empty()) return {};
  const std::string summary = "All others: " + counted(rows.size() + more, candidateWord(bisect));
  std::string inner = kernels("All other candidates", {"#place", "name", "subject", "#likely", "note"}, rows);
  if (more > 0) inner += fmt::format("<p>{} more are in bisect.json.</p>\n", more);
  return details(summary, inner);
}

Section candidatesSection(const BisectReport& bisect) {
  if (bisect.candidates.empty() && bisect.good.name.empty() && bisect.bad.name.empty()) return {"candidates", "", ""};
  const auto shown = candidatesToShow(bisect, kMostShown);
  return {"candidates", "Candidates", shownTable(bisect, shown) + foldedTable(bisect, shown)};
}

Section checksSection(const BisectReport& bisect) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& check : bisect.checks) {
    const Tone tone = !check.made ? Tone::Calm : check.held ? Tone::Good : Tone::Bad;
    rows.push_back({badge(tone, checkWords(check)), escaped(check.what), escaped(check.expected),
                    check.made ? escaped(countWords(check.count)) : "", escaped(check.words), runList(check.runs)});
  }
  return {"checks", "Checks", kernels("Checks", {"check", "kernel", "expected", "came out", "words", "runs"}, rows)};
}

Section subsetSection(const BisectReport& bisect) {
  if (!bisect.subset) return {"subset", "", ""};
  const auto& subset = *bisect.subset;
  std::string out = paragraph(subsetWords(subset)) + paragraph(subset.words) + list(subset.names);
  if (!subset.necessary.empty())
    out += "<p>Without any one of these, all the others together do not show it:</p>\n" + list(subset.necessary);
  return {"subset", "What it takes", out};
}

Section othersSection(const BisectReport& bisect) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& other : bisect.others)
    rows.push_back({escaped(other.signature), std::to_string(other.runs), escaped(other.first)});
  return {"others", "Other failures",
          wide("Other failures on the way", table({"signature", "#runs", "first at"}, rows))};
}

Section storySection(const BisectReport& bisect) {
  return {
      "story", "Story",
      details(counted(bisect.story.size(), "line"), preformatted(fmt::format("{}", fmt::join(bisect.story, "\n"))))};
}

}  // namespace

std::string bisectPage(const BisectReport& bisect) {
  PageParts parts;
  parts.title = fmt::format("Relapse bisect {}: {}", bisect.id, resultWords(bisect));
  parts.header = header(bisect);
  parts.sections = {resultSection(bisect),
                    {"likely", "How likely", bisectChart(bisect)},
                    candidatesSection(bisect),
                    checksSection(bisect),
                    subsetSection(bisect),
                    othersSection(bisect),
                    {"cautions", "To keep in mind", list(bisect.cautions)},
                    {"reproduce", "How to see it", preformatted(bisect.reproduce)},
                    storySection(bisect)};
  parts.footer = fmt::format("<p>relapse {}, <a href=\"./bisect.json\">bisect.json</a></p>\n", escaped(bisect.relapse));
  return page(parts);
}

}  // namespace relapse::report
