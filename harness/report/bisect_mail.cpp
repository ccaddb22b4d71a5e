// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "report/bisect.hpp"
#include "report/bisect_words.hpp"
#include "report/lines.hpp"
#include "report/mail_parts.hpp"
#include "report/markup.hpp"

namespace relapse::report {
namespace {

constexpr std::size_t kMostNamed = 12;

// Nothing of it names a folder of this machine. What commits say of themselves stays as it is.
BisectReport fitForAll(BisectReport bisect) {
  for (auto* text :
       {&bisect.scenario, &bisect.source, &bisect.target, &bisect.words, &bisect.good.name, &bisect.bad.name})
    *text = withoutFolders(*text);
  for (auto& candidate : bisect.candidates) {
    candidate.name = withoutFolders(candidate.name);
    candidate.skipped = withoutFolders(candidate.skipped);
  }
  for (auto& caution : bisect.cautions) caution = withoutFolders(caution);
  for (auto& other : bisect.others) other = {withoutFolders(other.signature), withoutFolders(other.first), other.runs};
  for (auto& check : bisect.checks) {
    check.what = withoutFolders(check.what);
    check.words = withoutFolders(check.words);
  }
  if (bisect.subset) bisect.subset->words = withoutFolders(bisect.subset->words);
  return bisect;
}

std::string paragraph(std::string_view text) {
  return text.empty() ? "" : wrapped(text, "", "") + "\n";
}

// In one piece, as it can be looked up; empty: it has none, or what stands there is none.
std::string messageId(const BisectCulprit& culprit) {
  const bool isId =
      std::ranges::all_of(culprit.messageId, [](char c) { return c > ' ' && c < '\x7f' && c != '<' && c != '>'; });
  return isId ? culprit.messageId : std::string();
}

// `123456789abc ("subject")`, on one line, as the kernel's tools want it; empty: the commit is not known.
std::string commitWords(const BisectCulprit& culprit) {
  const std::string id = shortCommit(culprit.commit);
  return id.empty() ? id : fmt::format("{} (\"{}\")", id, cleanLine(culprit.subject));
}

// Of the one that was found. Null: none was, or there are several.
const BisectCulprit* soleCulprit(const BisectReport& bisect) {
  return isFound(bisect) && chosenOf(bisect).size() == 1 && bisect.culprits.size() == 1 ? &bisect.culprits.front()
                                                                                        : nullptr;
}

std::string subject(const BisectReport& bisect) {
  std::string result = resultWords(bisect);
  if (isFound(bisect) && chosenOf(bisect).size() == 1)
    result = fmt::format("{} {} {}", bisect.fixedBy ? "fixed by" : "first bad", candidateWord(bisect),
                         chosenOf(bisect).front()->name);
  const std::string target = bisect.target.empty() ? "" : bisect.target + ": ";
  return wrapped("[relapse] " + target + result, "Subject: ", " ");
}

std::string endWords(const BisectEnd& end) {
  return fmt::format("{} ({})", end.name, countWords(end.count));
}

std::string broken(const BisectReport& bisect) {
  std::string text = (bisect.target.empty() ? "A failure" : bisect.target) + " in the scenario " + bisect.scenario;
  if (!bisect.release.empty()) text += ", kernel " + bisect.release;
  text += isFound(bisect) ? fmt::format(": it comes on {}, and not on {}.", endWords(bisect.bad), endWords(bisect.good))
                          : fmt::format(". The end that should be bad: {}; the one that should be good: {}.",
                                        endWords(bisect.bad), endWords(bisect.good));
  if (bisect.fixedBy) text += " The search was for what fixed it.";
  if (bisect.rate > 0) text += fmt::format(" It comes {}.", rateWords(bisect));
  return paragraph(text);
}

std::string candidateBlock(const BisectCandidate& candidate, const BisectCulprit* culprit) {
  std::string out = wrapped(candidate.name, "    ", "      ");
  if (!candidate.subject.empty() && candidate.subject != candidate.name)
    out += wrapped(candidate.subject, "    ", "      ");
  if (!candidate.author.empty()) out += fmt::format("    Author: {}\n", cleanLine(candidate.author));
  if (culprit != nullptr && !messageId(*culprit).empty())
    out += fmt::format("    Message-Id: <{}>\n", messageId(*culprit));
  return out + "\n";
}

std::string culpritText(const BisectReport& bisect) {
  const auto chosen = chosenOf(bisect);
  if (chosen.empty()) return {};
  const std::string_view word = candidateWord(bisect);
  if (const auto* culprit = soleCulprit(bisect); isFound(bisect) && chosen.size() == 1)
    return (bisect.fixedBy ? fmt::format("The {} that fixed it is\n\n", word)
                           : fmt::format("The first bad {} is\n\n", word)) +
           candidateBlock(*chosen.front(), culprit);
  std::string out = paragraph(isFound(bisect) ? fmt::format("The {} is {}.", word, apartWords(bisect))
                                              : fmt::format("Left are {}.", counted(chosen.size(), word)));
  for (std::size_t i = 0; i < chosen.size() && i < kMostNamed; ++i) out += candidateBlock(*chosen[i], nullptr);
  return chosen.size() <= kMostNamed ? out : out + fmt::format("    and {} more\n\n", chosen.size() - kMostNamed);
}

std::string checkText(const BisectReport& bisect) {
  std::string out;
  for (const auto& check : bisect.checks)
    out += wrapped(fmt::format("{} (expected: {}): {}. {}", check.what, check.expected, checkWords(check), check.words),
                   "  - ", "    ");
  if (bisect.subset) {
    out += wrapped(subsetWords(*bisect.subset) + ".", "  - ", "    ");
    if (!bisect.subset->words.empty()) out += wrapped(bisect.subset->words, "    ", "    ");
  }
  return out.empty() ? out : heading("Checks") + out;
}

std::string otherText(const BisectReport& bisect) {
  std::string out;
  for (const auto& other : bisect.others)
    out += wrapped(fmt::format("{} ({}, first at {})", other.signature,
                               counted(static_cast<std::size_t>(std::max(other.runs, 0)), "run"), other.first),
                   "  - ", "    ");
  return out.empty() ? out : heading("Other failures on the way") + out;
}

std::string cautionText(const BisectReport& bisect) {
  std::string out;
  for (const auto& caution : bisect.cautions) out += wrapped(caution, "  - ", "    ");
  return out.empty() ? out : heading("To keep in mind") + out;
}

std::string reproduceText(const BisectReport& bisect) {
  auto words = commandWords(bisect.reproduce);
  if (words.empty()) return {};
  for (auto& word : words) word = withoutFolders(word);
  if (words.size() < 2 || words[1] != "replay") return heading("How to see it") + commandText(words, kMailWidth);
  // Others have no run to replay.
  const std::vector<std::string> elsewhere{"relapse", "run", bisect.scenario, "--no-series", "--kernel", "TREE"};
  return heading("How to see it") + commandText(elsewhere, kMailWidth) +
         paragraph(fmt::format("where TREE is a kernel source as {} has it.", bisect.bad.name));
}

std::string trailers(const BisectReport& bisect) {
  const auto* culprit = soleCulprit(bisect);
  if (culprit == nullptr || bisect.space == "config") return {};
  const std::string commit = commitWords(*culprit);
  if (bisect.fixedBy) return commit.empty() ? "" : fmt::format("\nfixed by {}\n", commit);
  if (commit.empty())
    return "\n" + wrapped("A Fixes: line needs the id of its commit, which is not known here.", "", "");
  return fmt::format("\nFixes: {}\n\n#regzbot introduced: {}\n", commit, shortCommit(culprit->commit));
}

}  // namespace

std::string bisectMail(const BisectReport& report) {
  const BisectReport bisect = fitForAll(report);
  std::string out = subject(bisect) + "\n" + broken(bisect) + culpritText(bisect);
  if (!isFound(bisect)) out += paragraph(fmt::format("Result: {}.", resultWords(bisect)));
  out += paragraph(bisect.words);
  if (!chosenOf(bisect).empty()) out += paragraph("How sure: " + sureWords(bisect) + ".");
  out.pop_back();
  out += checkText(bisect) + otherText(bisect) + cautionText(bisect) + reproduceText(bisect) + trailers(bisect);
  return out + "\n--\n" +
         wrapped(fmt::format("relapse {}, bisect {}: {}", bisect.relapse, bisect.id, effortWords(bisect)), "", "");
}

}  // namespace relapse::report
