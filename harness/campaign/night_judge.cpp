// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/night_judge.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "statistics/rates.hpp"

namespace relapse::campaign {
namespace {

using statistics::Count;

constexpr double kSuspicious = 0.1;  // Fisher's p at which another look is worth its runs
constexpr double kQuestions = 2;     // how often, and which bug

// At which p a cell is flagged for one question.
double level(const JudgeRules& rules) {
  return rules.falseFlags / (kQuestions * std::max(1, rules.cells));
}

Count of(const CellTally& runs, const std::string& signature) {
  const auto found = runs.signatures.find(signature);
  return {found == runs.signatures.end() ? 0 : found->second, runs.failed.tries};
}

// Signatures share the level of their question; which of them there are is known before the confirmation.
double signatureLevel(const CellTally& before, const CellTally& tonight, const JudgeRules& rules) {
  std::map<std::string, int> all = before.signatures;
  all.insert(tonight.signatures.begin(), tonight.signatures.end());
  return level(rules) / static_cast<double>(std::max<std::size_t>(1, all.size()));
}

struct NewSignature {
  std::string signature;
  Count before;
  Count now;
  double p = 1;
};

// The signature of `tonight` that is most unlike before, by the runs of `sample`.
NewSignature mostUnlike(const CellTally& before, const CellTally& tonight, const CellTally& sample) {
  NewSignature most;
  for (const auto& [signature, times] : tonight.signatures) {
    const Count now = of(sample, signature);
    const Count then = of(before, signature);
    if (now.rate() <= then.rate()) continue;
    const double p = statistics::fisher(now, then);
    if (p < most.p || most.signature.empty()) most = {signature, then, now, p};
  }
  return most;
}

bool significant(const CellTally& before, const CellTally& tonight, const CellTally& sample, const JudgeRules& rules) {
  return statistics::fisher(sample.failed, before.failed) <= level(rules) ||
         mostUnlike(before, tonight, sample).p <= signatureLevel(before, tonight, rules);
}

bool suspected(const CellTally& before, const CellTally& tonight) {
  if (before.failed.tries == 0 || tonight.failed.tries == 0) return false;
  const bool appeared = tonight.failed.hits > 0 && before.failed.hits == 0;
  const bool gone = tonight.failed.hits == 0 && before.failed.rate() >= 0.5;
  const bool other =
      std::ranges::any_of(tonight.signatures, [&](const auto& one) { return !before.signatures.contains(one.first); });
  return appeared || gone || other || statistics::fisher(tonight.failed, before.failed) <= kSuspicious;
}

std::string inWords(Count count) {
  const auto interval = statistics::clopperPearson(count);
  return fmt::format("{}/{} ({:.0f}-{:.0f} %)", count.hits, count.tries, 100 * interval.low, 100 * interval.high);
}

std::string against(Count now, Count before, double p) {
  return fmt::format("not as expected {}, in the nights before {}: p = {:.2g}", inWords(now), inWords(before), p);
}

// No night before, or nothing seen tonight.
std::optional<Judgement> withoutComparison(const CellTally& before, const CellTally& tonight, int inconclusive) {
  const Count now = tonight.failed;
  if (now.tries == 0)
    return Judgement{inconclusive > 0 ? "inconclusive" : "not-run",
                     inconclusive > 0 ? fmt::format("none of {} runs came to a verdict", inconclusive) : ""};
  if (before.failed.tries > 0) return std::nullopt;
  if (now.hits == 0) return Judgement{"passed", fmt::format("not as expected {}; no night before", inWords(now))};
  return Judgement{"new-failure", fmt::format("not as expected {}; no night before", inWords(now))};
}

std::string changeOf(Count now, Count before) {
  if (before.hits == 0) return "new-failure";
  return now.hits == 0 ? "fixed" : "rate-changed";
}

}  // namespace

CellTally& CellTally::operator+=(const CellTally& other) {
  failed += other.failed;
  for (const auto& [signature, times] : other.signatures) signatures[signature] += times;
  return *this;
}

void add(CellTally& runs, const TryResult& result) {
  if (result.outcome == Outcome::Inconclusive) return;
  runs.failed += {result.held ? 0 : 1, 1};
  if (!result.held) ++runs.signatures[result.signature];
}

int confirmation(const CellTally& before, const CellTally& tonight, const JudgeRules& rules) {
  if (!suspected(before, tonight) || significant(before, tonight, tonight, rules)) return 0;
  // If all runs go on as tonight's suggest: when are they enough?
  for (int runs = 1; runs <= rules.confirm; ++runs) {
    const bool failing = 2 * tonight.failed.hits >= tonight.failed.tries;
    const Count all{failing ? runs : 0, runs};
    if (statistics::fisher(all, before.failed) <= level(rules)) return runs;
    for (const auto& [signature, times] : tonight.signatures)
      if (statistics::fisher({runs, runs}, of(before, signature)) <= signatureLevel(before, tonight, rules))
        return runs;
  }
  return rules.confirm + 1;
}

Judgement judge(const CellTally& before, const CellTally& tonight, const CellTally& confirmed, int inconclusive,
                const JudgeRules& rules) {
  if (auto judged = withoutComparison(before, tonight, inconclusive)) return *judged;
  const CellTally& sample = confirmed.failed.tries > 0 ? confirmed : tonight;
  const double p = statistics::fisher(sample.failed, before.failed);
  const std::string words = against(sample.failed, before.failed, p);
  if (p <= level(rules)) return {changeOf(sample.failed, before.failed), words};
  const auto other = mostUnlike(before, tonight, sample);
  if (other.p <= signatureLevel(before, tonight, rules))
    return {before.failed.hits == 0 ? "new-failure" : "other-signature",
            fmt::format("\"{}\" {}, in the nights before {}: p = {:.2g}", other.signature, inWords(other.now),
                        inWords(other.before), other.p)};
  if (tonight.failed.hits > 0 && before.failed.hits == 0)
    return {"unconfirmed",
            fmt::format(
                "{}{}",
                confirmed.failed.tries > 0 ? fmt::format("not as expected {} at first; ", inWords(tonight.failed)) : "",
                words)};
  if (tonight.failed.hits > 0) return {"still-failing", words};
  return {"passed", words};
}

bool isChange(const std::string& flag) {
  return flag == "new-failure" || flag == "rate-changed" || flag == "other-signature" || flag == "fixed";
}

bool isAlarm(const std::string& flag) {
  return flag == "new-failure" || flag == "rate-changed" || flag == "other-signature";
}

}  // namespace relapse::campaign
