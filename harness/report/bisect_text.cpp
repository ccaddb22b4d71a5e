// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "report/bisect.hpp"
#include "report/bisect_words.hpp"
#include "report/lines.hpp"
#include "report/markup.hpp"
#include "report/terminal.hpp"

namespace relapse::report {
namespace {

constexpr std::size_t kWidth = 99;
constexpr std::size_t kMostRows = 40;
constexpr std::size_t kMostNamed = 12;
constexpr std::size_t kLongestName = 44;
constexpr std::string_view kBehindLabel = "            ";

std::string labelled(std::string_view label, std::string_view text) {
  if (text.empty()) return {};
  return wrapped(cleanLine(text), fmt::format("  {:<9} ", label), kBehindLabel, kWidth);
}

std::string labelled(std::string_view label, const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += labelled(label, text);
  return out;
}

std::string headline(const BisectReport& bisect, bool colour) {
  std::string text = cleanLine(resultWords(bisect));
  const std::string share = isFound(bisect) ? "  " + percent(bisect.posterior) : "";
  text = cutTo(text, kWidth - share.size()) + share;
  return painted(text, isFound(bisect) ? "1;32" : "1;33", colour) + "\n";
}

// Who it is, or of several who they may be.
std::string chosenLines(const BisectReport& bisect) {
  const auto chosen = chosenOf(bisect);
  if (chosen.size() == 1 && isFound(bisect))
    return labelled("subject", chosen.front()->subject) + labelled("author", chosen.front()->author);
  std::string out;
  for (std::size_t i = 0; i < chosen.size() && i < kMostNamed; ++i) {
    const auto& one = *chosen[i];
    const std::string subject = one.subject.empty() || one.subject == one.name ? "" : ": " + one.subject;
    out += labelled(i == 0 ? "left" : "", fmt::format("{}{} ({})", one.name, subject, percent(one.posterior)));
  }
  return chosen.size() <= kMostNamed ? out : out + labelled("", fmt::format("{} more", chosen.size() - kMostNamed));
}

// A name with what is said of it behind, which is never cut off.
std::string nameCell(std::string_view name, std::string_view behind = {}) {
  return cutTo(cleanLine(name), kLongestName - behind.size()) + std::string(behind);
}

struct Row {
  std::string_view sign = " ";
  std::string name;
  const BisectCount& count;
  std::string posterior = {};
  std::string note = {};
};

// The note stands in the same line where it fits.
std::string rowText(const Row& row, std::size_t nameWidth) {
  const bool tried = row.count.tries() + row.count.inconclusive > 0;
  const auto number = [&](int many) { return tried ? std::to_string(many) : std::string(); };
  std::string out = fmt::format("  {} {} {:>4} {:>5} {:>6} {:>12}", row.sign, padded(row.name, nameWidth),
                                number(row.count.bad), number(row.count.good), number(row.count.other), row.posterior);
  std::string note = cleanLine(row.note);
  if (row.count.inconclusive > 0)
    note = fmt::format("{} without a verdict{}{}", row.count.inconclusive, note.empty() ? "" : "; ", note);
  if (!note.empty() && columns(out) + 2 + columns(note) <= kWidth) return out + "  " + note + "\n";
  out.erase(out.find_last_not_of(' ') + 1);
  return out + "\n" + (note.empty() ? "" : wrapped(note, "        ", "        ", kWidth));
}

std::string gap(std::size_t from, std::size_t to) {
  return from == to ? "" : fmt::format("      ... {} more\n", to - from);
}

std::string candidateTable(const BisectReport& bisect) {
  const auto shown = candidatesToShow(bisect, kMostRows);
  const Row good{.name = nameCell(bisect.good.name, " (good end)"), .count = bisect.good.count};
  const Row bad{.name = nameCell(bisect.bad.name, " (bad end)"), .count = bisect.bad.count};
  std::size_t width = std::max(columns(good.name), columns(bad.name));
  for (const auto place : shown) width = std::max(width, columns(nameCell(bisect.candidates[place].name)));
  std::string out =
      fmt::format("\n    {} {:>4} {:>5} {:>6} {:>12}\n", padded("name", width), "bad", "good", "other", "posterior");
  out += rowText(bisect.fixedBy ? bad : good, width);
  std::size_t next = 0;
  for (const auto place : shown) {
    const auto& candidate = bisect.candidates[place];
    const Row row{.sign = candidate.chosen ? ">" : " ",
                  .name = nameCell(candidate.name),
                  .count = candidate.count,
                  .posterior = percent(candidate.posterior),
                  .note = noteWords(candidate)};
    out += gap(next, place) + rowText(row, width);
    next = place + 1;
  }
  return out + gap(next, bisect.candidates.size()) + rowText(bisect.fixedBy ? good : bad, width) + "\n";
}

std::string otherLines(const BisectReport& bisect) {
  std::string out;
  for (const auto& other : bisect.others)
    out +=
        labelled("other", fmt::format("{}: {}, first at {}", other.signature,
                                      counted(static_cast<std::size_t>(std::max(other.runs, 0)), "run"), other.first));
  return out;
}

std::string checkLines(const BisectReport& bisect) {
  std::string out;
  for (const auto& check : bisect.checks) {
    const std::string came = check.made ? ", came out: " + countWords(check.count) : std::string();
    out += labelled("check", fmt::format("{}: {}, expected {}{}", checkWords(check), check.what, check.expected, came));
    if (!check.words.empty()) out += wrapped(cleanLine(check.words), kBehindLabel, kBehindLabel, kWidth);
  }
  return out;
}

std::string subsetLines(const BisectReport& bisect) {
  if (!bisect.subset) return {};
  const auto& subset = *bisect.subset;
  std::string out = labelled("subset", subsetWords(subset)) + labelled("", subset.words);
  if (!subset.necessary.empty())
    out += labelled(
        "", fmt::format("without {}, all the others together do not show it", fmt::join(subset.necessary, " or ")));
  return out;
}

std::string nextLines(const BisectReport& bisect) {
  std::string out;
  if (!bisect.reproduce.empty()) out += "  reproduce\n" + commandText(commandWords(bisect.reproduce), kWidth);
  return out + labelled("next", nextWords(bisect));
}

}  // namespace

std::string bisectSummary(const BisectReport& bisect, bool colour) {
  std::string out = "\n" + headline(bisect, colour);
  out += labelled(isFound(bisect) ? "result" : "wanted", meaningWords(bisect)) + labelled("", apartWords(bisect)) +
         labelled("", bisect.words);
  if (!chosenOf(bisect).empty()) out += labelled("sure", sureWords(bisect));
  out += chosenLines(bisect);
  if (bisect.rate > 0) out += labelled("rate", rateWords(bisect));
  out += candidateTable(bisect) + otherLines(bisect) + checkLines(bisect) + subsetLines(bisect);
  out += labelled("caution", bisect.cautions) + labelled("effort", effortWords(bisect));
  return out + nextLines(bisect);
}

}  // namespace relapse::report
