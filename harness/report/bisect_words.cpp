// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/bisect_words.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "report/terminal.hpp"

namespace relapse::report {
namespace {

constexpr std::size_t kAround = 2;  // neighbours of the chosen that are shown
constexpr std::size_t kMostReasons = 3;

bool isLine(const BisectReport& bisect) {
  return bisect.space != "git";
}

// The end before the first candidate.
const BisectEnd& oldEnd(const BisectReport& bisect) {
  return bisect.fixedBy ? bisect.bad : bisect.good;
}

std::string endingWords(const BisectReport& bisect) {
  if (bisect.ending == "found") return "no candidate is left";
  if (bisect.ending == "good-end-bad") return "the end that should be good is bad: " + bisect.good.name;
  if (bisect.ending == "bad-end-good") return "the end that should be bad is good: " + bisect.bad.name;
  if (bisect.ending == "not-decided") return "the tries did not decide";
  if (bisect.ending == "under-way") return "it is still under way";
  if (bisect.ending == "interrupted") return "interrupted";
  if (bisect.ending == "failed") return "the search failed";
  return "no known ending: " + bisect.ending;
}

// What was tried last before the culprit; only where all before it is in a line.
std::string beforeWords(const BisectReport& bisect, std::size_t place) {
  for (std::size_t i = place; i-- > 0;) {
    const auto& before = bisect.candidates[i];
    if (before.count.tries() > 0) return fmt::format("; before it, at {}: {}", before.name, countWords(before.count));
  }
  const auto& end = oldEnd(bisect);
  return end.count.tries() > 0 ? fmt::format("; before it, at {}: {}", end.name, countWords(end.count)) : "";
}

void addAround(std::set<std::size_t>& places, std::size_t place, std::size_t count) {
  for (std::size_t i = place - std::min(place, kAround); i <= place + kAround && i < count; ++i) places.insert(i);
}

bool wasTried(const BisectCandidate& candidate) {
  return candidate.count.tries() + candidate.count.inconclusive > 0 || !candidate.runs.empty();
}

std::string pluralOf(std::string_view one) {
  return fmt::format("{}{}", one, one.ends_with("ch") ? "es" : "s");
}

}  // namespace

std::string counted(std::size_t many, std::string_view one) {
  return fmt::format("{} {}", many, many == 1 ? std::string(one) : pluralOf(one));
}

std::string percent(double part) {
  if (part > 0 && part < 0.0005) return "under 0.1 %";
  if (part < 1 && part > 0.9995) return "over 99.9 %";
  std::string digits = fmt::format("{:.1f}", 100 * part);
  if (digits.ends_with(".0")) digits.resize(digits.size() - 2);
  return digits + " %";
}

std::string_view candidateWord(const BisectReport& bisect) {
  return bisect.space == "git" ? "commit" : bisect.space == "config" ? "option" : "patch";
}

std::vector<const BisectCandidate*> chosenOf(const BisectReport& bisect) {
  std::vector<const BisectCandidate*> chosen;
  for (const auto& candidate : bisect.candidates)
    if (candidate.chosen) chosen.push_back(&candidate);
  return chosen;
}

std::string_view chosenWord(const BisectReport& bisect) {
  if (!isFound(bisect) || chosenOf(bisect).size() > 1) return "left";
  return bisect.fixedBy ? "fix" : "culprit";
}

bool isFound(const BisectReport& bisect) {
  return bisect.ending == "found" && std::ranges::any_of(bisect.candidates, &BisectCandidate::chosen);
}

std::string resultWords(const BisectReport& bisect) {
  if (!isFound(bisect)) return "not found: " + endingWords(bisect);
  const auto chosen = chosenOf(bisect);
  if (chosen.size() == 1) return "found: " + chosen.front()->name;
  return "found: one of " + counted(chosen.size(), candidateWord(bisect));
}

std::string meaningWords(const BisectReport& bisect) {
  const std::string target = bisect.target.empty() ? "the bug" : bisect.target;
  if (bisect.fixedBy) return fmt::format("the first {} without {}: what fixed it", candidateWord(bisect), target);
  return fmt::format("the first {} with {}", candidateWord(bisect), target);
}

std::string apartWords(const BisectReport& bisect) {
  const auto chosen = chosenOf(bisect);
  if (chosen.size() < 2) return {};
  std::vector<std::string> reasons;
  for (const auto* candidate : chosen)
    if (!candidate->skipped.empty()) reasons.push_back(fmt::format("{}: {}", candidate->name, candidate->skipped));
  std::string out = fmt::format("one of these {}; they could not be told apart", chosen.size());
  const std::size_t more = reasons.size() - std::min(reasons.size(), kMostReasons);
  reasons.resize(reasons.size() - more);
  if (!reasons.empty()) out += fmt::format(": {}", fmt::join(reasons, "; "));
  return more > 0 ? out + fmt::format("; and {} more could not be tried", more) : out;
}

std::string countWords(const BisectCount& count) {
  std::vector<std::string> parts;
  const auto add = [&](int many, const char* word) {
    if (many > 0) parts.push_back(fmt::format("{} {}", many, word));
  };
  add(count.bad, "bad");
  add(count.good, "good");
  if (count.other > 0) parts.push_back(counted(static_cast<std::size_t>(count.other), "other failure"));
  add(count.inconclusive, "without a verdict");
  return parts.empty() ? "no tries" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string sureWords(const BisectReport& bisect) {
  std::string out = fmt::format("{} ({} asked for)", percent(bisect.posterior), percent(bisect.confidence));
  const auto chosen = chosenOf(bisect);
  if (chosen.size() != 1) return out;
  out += "; its kernel: " + countWords(chosen.front()->count);
  if (isLine(bisect)) out += beforeWords(bisect, static_cast<std::size_t>(chosen.front() - bisect.candidates.data()));
  return out;
}

std::string rateWords(const BisectReport& bisect) {
  return fmt::format("in {} of the tries where it is (95 %: {} to {})", percent(bisect.rate), percent(bisect.rateLow),
                     percent(bisect.rateHigh));
}

std::string_view checkWords(const BisectCheck& check) {
  return !check.made ? "not made" : check.held ? "held" : "did not hold";
}

std::string nextWords(const BisectReport& bisect) {
  const std::string_view moved = bisect.fixedBy ? "good" : "bad";  // what the culprit alone should bring
  const bool takesMore = std::ranges::any_of(
      bisect.checks, [&](const auto& check) { return check.made && !check.held && check.expected == moved; });
  if (!takesMore || bisect.subset || bisect.fixedBy) return {};
  if (bisect.space == "git")
    return "these commits as a series (git format-patch), with --series and --subset: which it takes together";
  return fmt::format("the same bisect again with --subset: which {} it takes together",
                     pluralOf(candidateWord(bisect)));
}

std::string subsetWords(const BisectSubset& subset) {
  const auto& names = subset.names;
  if (names.empty()) return "no set that suffices is known";
  if (names.size() == 1) return names.front() + " alone suffices";
  const std::string all = fmt::format("{} and {}", fmt::join(names.begin(), names.end() - 1, ", "), names.back());
  if (!subset.minimal) return all + " together suffice; whether each of them is needed was not tried";
  return all + (names.size() == 2 ? " together: neither alone suffices" : " together: none of them can be left out");
}

std::string effortWords(const BisectReport& bisect) {
  return fmt::format("{} of {} in {}", counted(static_cast<std::size_t>(std::max(bisect.runs, 0)), "run"),
                     counted(static_cast<std::size_t>(std::max(bisect.kernels, 0)), "kernel"), duration(bisect.took));
}

std::string shortCommit(std::string_view commit) {
  const bool isId = commit.size() == 40 && commit.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return std::string(isId ? commit.substr(0, 12) : "");
}

std::vector<std::size_t> candidatesToShow(const BisectReport& bisect, std::size_t most) {
  std::set<std::size_t> places;
  const auto& all = bisect.candidates;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].chosen) addAround(places, i, all.size());
    if (wasTried(all[i]) || !all[i].skipped.empty()) places.insert(i);
  }
  std::vector<std::size_t> shown(places.begin(), places.end());
  if (shown.size() <= most) return shown;
  std::ranges::stable_sort(shown, std::greater(),
                           [&](std::size_t i) { return std::pair(all[i].chosen, all[i].posterior); });
  shown.resize(most);
  std::ranges::sort(shown);
  return shown;
}

std::string noteWords(const BisectCandidate& candidate) {
  if (!candidate.skipped.empty()) return "skipped: " + candidate.skipped;
  return candidate.sameAs.empty() ? "" : "same kernel as " + candidate.sameAs;
}

}  // namespace relapse::report
