// SPDX-License-Identifier: GPL-2.0-or-later
#include "bisect/belief.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "bisect/scatter.hpp"

namespace relapse::bisect {
namespace {

// Rates that are told apart, and how likely each is before any try. The last is "always".
struct Rate {
  double rate;
  double prior;
};
constexpr std::array<Rate, 18> kRates{{{0.010, 0.047},
                                       {0.015, 0.047},
                                       {0.022, 0.047},
                                       {0.033, 0.047},
                                       {0.050, 0.047},
                                       {0.075, 0.047},
                                       {0.110, 0.047},
                                       {0.160, 0.047},
                                       {0.230, 0.047},
                                       {0.320, 0.047},
                                       {0.420, 0.047},
                                       {0.530, 0.047},
                                       {0.640, 0.047},
                                       {0.750, 0.047},
                                       {0.850, 0.047},
                                       {0.920, 0.047},
                                       {0.970, 0.047},
                                       {0.998, 0.201}}};

// How far a kernel's own rate may be from the common one: a factor of the odds.
struct Variation {
  double odds;
  double weight;
};
constexpr std::array<Variation, 5> kVariations{{{0.6, 0.1}, {0.77, 0.2}, {1.0, 0.4}, {1.3, 0.2}, {1.7, 0.1}}};

constexpr double kWrongEnd = 0.1;     // that the old end, or the new one, is not what it should be
constexpr double kOwnFailure = 0.02;  // that a kernel without the bug has a failure of its own
constexpr double kHidden = 0.05;      // and that it hides the bug of one that has it, beside that
constexpr double kNeeded = 0.05;      // that another than the last one is needed for the bug, too
constexpr double kOtherHits = 0.5;    // tries with another failure that are taken as seen before the first,
constexpr double kOtherTries = 10.0;  // of so many

// A kernel's own rate at one variation of a common one.
struct OwnRate {
  double rate;
  double logRate;
  double logMiss;
  double logWeight;
};
using OwnRates = std::array<OwnRate, kVariations.size()>;

const std::array<OwnRates, kRates.size()>& ownRates() {
  static const auto all = [] {
    std::array<OwnRates, kRates.size()> rates{};
    for (std::size_t rate = 0; rate < kRates.size(); ++rate)
      for (std::size_t i = 0; i < kVariations.size(); ++i) {
        const auto [odds, weight] = kVariations[i];
        const double own = kRates[rate].rate * odds / (1 - kRates[rate].rate + kRates[rate].rate * odds);
        rates[rate][i] = {own, std::log(own), std::log1p(-own), std::log(weight)};
      }
    return rates;
  }();
  return all;
}

double logSum(double one, double other) {
  if (one < other) std::swap(one, other);
  return one + std::log1p(std::exp(other - one));
}

double logBeta(double a, double b) {
  return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
}

// The log likelihood of these tries with a failure among all, if so many were seen before.
double logFailures(double failures, double tries, double hitsBefore, double triesBefore) {
  return logBeta(failures + hitsBefore, tries - failures + triesBefore - hitsBefore) -
         logBeta(hitsBefore, triesBefore - hitsBefore);
}

// Of tries that came to the bug or to no failure: their log likelihood, and that the next one hits.
struct Hits {
  double likelihood;
  double next;
};
Hits hitsAt(const OwnRates& rates, const Tally& tally) {
  std::array<double, kVariations.size()> logs{};
  for (std::size_t i = 0; i < rates.size(); ++i)
    logs[i] = rates[i].logWeight + tally.bad * rates[i].logRate + tally.good * rates[i].logMiss;
  const double highest = *std::ranges::max_element(logs);
  double sum = 0;
  double next = 0;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const double weight = std::exp(logs[i] - highest);
    sum += weight;
    next += weight * rates[i].rate;
  }
  return {highest + std::log(sum), next / sum};
}

const std::vector<double>& hitsOfUntried() {
  static const auto byRate = [] {
    std::vector<double> hits;
    for (const OwnRates& rates : ownRates()) hits.push_back(hitsAt(rates, {}).next);
    return hits;
  }();
  return byRate;
}

double product(const std::vector<double>& one, const std::vector<double>& other) {
  return std::inner_product(one.begin(), one.end(), other.begin(), 0.0);
}

}  // namespace

Belief::Belief(const Space& space, const Evidence& evidence, const Question& question)
    : space_(space), evidence_(evidence), question_(question) {
  lookAtTries();
  weighCandidates();
}

void Belief::lookAtTries() {
  Others others{kOtherHits, kOtherTries};
  for (const Tally& tally : evidence_.tallies) {
    if (tally.bad == 0) continue;
    others.hits += tally.other;
    others.tries += tally.tries();
  }
  for (std::size_t kernel = 0; kernel <= space_.size(); ++kernel)
    if (const Tally& tally = evidence_.tallies[kernel]; tally.tries() > 0)
      tried_.push_back(lookAt(kernel, tally, others, true));
  for (const auto& [candidate, tally] : evidence_.checks)
    if (tally.tries() > 0) checked_.push_back(lookAt(candidate, tally, others, true));
}

// `hides`: a failure of the kernel's own may hide the bug that it has.
Belief::Tried Belief::lookAt(std::size_t number, const Tally& tally, const Others& others, bool hides) const {
  Tried tried;
  tried.number = number;
  const double common = logFailures(tally.other, tally.tries(), others.hits, others.tries);
  const double own = logFailures(tally.other, tally.tries(), 1, 2);
  tried.ifNot = tally.bad * std::log(question_.falsePositive) + tally.good * std::log1p(-question_.falsePositive) +
                logSum(std::log1p(-kOwnFailure) + common, std::log(kOwnFailure) + own);
  const double hidden = kHidden * kOwnFailure;
  const double shown = hides ? logSum(std::log1p(-hidden) + common, std::log(hidden) + own) : common;
  for (const OwnRates& rates : ownRates()) {
    const Hits hits = hitsAt(rates, tally);
    tried.ifShown.push_back(shown + hits.likelihood);
    tried.hits.push_back(hits.next);
  }
  return tried;
}

void Belief::weighCandidates() {
  findPatterns();
  weighPatterns();
  posterior_ = priors();
  double total = 0;
  for (std::size_t candidate = 0; candidate < posterior_.size(); ++candidate) {
    Pattern& pattern = patterns_[patternOf_[candidate]];
    posterior_[candidate] *= pattern.weight;
    pattern.posterior += posterior_[candidate];
    total += posterior_[candidate];
  }
  for (double& one : posterior_) one /= total;
  rates_.assign(kRates.size(), 0);
  for (Pattern& pattern : patterns_) {
    pattern.posterior /= total;
    for (std::size_t rate = 0; pattern.weight > 0 && rate < kRates.size(); ++rate)
      rates_[rate] += pattern.posterior * pattern.weights[rate] / pattern.weight;
  }
}

void Belief::findPatterns() {
  std::unordered_map<std::uint64_t, std::size_t> places;
  const auto keys = patternKeys();
  patternOf_.resize(keys.size());
  for (std::size_t candidate = 0; candidate < keys.size(); ++candidate) {
    if (candidate > 0 && keys[candidate] == keys[candidate - 1]) {  // most of a line
      patternOf_[candidate] = patternOf_[candidate - 1];
      continue;
    }
    const auto [found, fresh] = places.emplace(keys[candidate], patterns_.size());
    if (fresh) patterns_.emplace_back().example = candidate;
    patternOf_[candidate] = found->second;
  }
}

// By candidate: stands for the tries that speak of it.
std::vector<std::uint64_t> Belief::patternKeys() const {
  std::vector<std::uint64_t> keys(space_.size() + 2, 0);
  for (const Tried& tried : tried_) {
    if (space_.isLine()) {  // a candidate's key is the exclusive or of all kernels from it on
      keys[tried.number] ^= scattered(tried.number);
      continue;
    }
    for (std::size_t candidate = 0; candidate < keys.size(); ++candidate)
      if (space_.has(tried.number, candidate)) keys[candidate] ^= scattered(tried.number);
  }
  if (space_.isLine())
    for (std::size_t candidate = keys.size() - 1; candidate-- > 0;) keys[candidate] ^= keys[candidate + 1];
  for (const Tried& checked : checked_) keys[checked.number] ^= scattered(~checked.number);
  return keys;
}

// Of the check of a candidate that is not it: the bug comes, unless the candidate is needed for it as well.
Belief::Tried Belief::unlessNeeded(Tried checked) {
  for (double& shown : checked.ifShown) shown = logSum(std::log1p(-kNeeded) + shown, std::log(kNeeded) + checked.ifNot);
  return checked;
}

void Belief::weighPatterns() {
  double highest = -std::numeric_limits<double>::infinity();
  for (Pattern& pattern : patterns_) {
    for (const Rate& rate : kRates) pattern.weights.push_back(std::log(rate.prior));
    const auto add = [&](const Tried& tried, bool shows) {
      for (std::size_t rate = 0; rate < kRates.size(); ++rate)
        pattern.weights[rate] += shows ? tried.ifShown[rate] : tried.ifNot;
    };
    for (const Tried& tried : tried_) add(tried, shows(tried.number, pattern.example));
    for (const Tried& checked : checked_) add(unlessNeeded(checked), checkShows(checked.number, pattern.example));
    highest = std::max(highest, *std::ranges::max_element(pattern.weights));
  }
  for (Pattern& pattern : patterns_) {
    for (double& one : pattern.weights) one = std::exp(one - highest);
    pattern.weight = std::accumulate(pattern.weights.begin(), pattern.weights.end(), 0.0);
  }
}

std::vector<double> Belief::priors() const {
  const std::size_t n = space_.size();
  const double wrongEnd = question_.endsKnown ? 0 : kWrongEnd;
  std::vector<double> priors(n + 2, (1 - 2 * wrongEnd) / static_cast<double>(n));
  priors.front() = priors.back() = wrongEnd;
  for (std::size_t kernel = 0; kernel <= n; ++kernel) {
    const std::size_t same = evidence_.sameAs[kernel];
    if (same == kernel) continue;
    for (std::size_t candidate = 1; candidate <= n; ++candidate)  // none is in one of the two alone
      if (space_.has(kernel, candidate) != space_.has(same, candidate)) priors[candidate] = 0;
  }
  return priors;
}

std::vector<Belief::Expected> Belief::expected(const std::vector<std::size_t>& kernels) const {
  const auto untried = expectedIfUntried();
  std::vector<Expected> expected;
  for (const std::size_t kernel : kernels) {
    const auto tried = std::ranges::lower_bound(tried_, evidence_.sameAs[kernel], {}, &Tried::number);
    if (tried == tried_.end() || tried->number != evidence_.sameAs[kernel])
      expected.push_back(untried[kernel]);
    else
      expected.push_back(expectedOf(*tried, [&](std::size_t culprit) { return shows(kernel, culprit); }));
  }
  return expected;
}

// By kernel.
std::vector<Belief::Expected> Belief::expectedIfUntried() const {
  std::vector<double> byPattern;
  for (const Pattern& pattern : patterns_)
    byPattern.push_back(pattern.weight > 0 ? product(pattern.weights, hitsOfUntried()) / pattern.weight : 0);
  std::vector<double> hitting(posterior_.size());
  for (std::size_t candidate = 0; candidate < posterior_.size(); ++candidate)
    hitting[candidate] = posterior_[candidate] * byPattern[patternOf_[candidate]];
  const auto held = space_.held(posterior_);
  const auto heldHitting = space_.held(hitting);
  const double all = std::accumulate(posterior_.begin(), posterior_.end(), 0.0);
  const double allHitting = std::accumulate(hitting.begin(), hitting.end(), 0.0);
  std::vector<Expected> expected;
  for (std::size_t kernel = 0; kernel <= space_.size(); ++kernel) {
    const double shows = question_.fixedBy ? all - held[kernel] : held[kernel];
    const double hits = question_.fixedBy ? allHitting - heldHitting[kernel] : heldHitting[kernel];
    expected.push_back({shows, shows > 0 ? hits / shows : 0});
  }
  return expected;
}

// `shows`: of a candidate, that the kernel shows the bug if that one is it.
template <class Shows>
Belief::Expected Belief::expectedOf(const Tried& tried, const Shows& shows) const {
  Expected expected;
  for (const Pattern& pattern : patterns_) {
    if (pattern.weight <= 0 || !shows(pattern.example)) continue;
    expected.shows += pattern.posterior;
    expected.hits += pattern.posterior * product(pattern.weights, tried.hits) / pattern.weight;
  }
  if (expected.shows > 0) expected.hits /= expected.shows;
  return expected;
}

Belief::Expected Belief::expectedOfCheck(std::size_t candidate) const {
  const auto mine = std::ranges::find(checked_, candidate, &Tried::number);
  if (mine == checked_.end()) {
    const Expected end = expected({question_.fixedBy ? 0 : space_.size()}).front();
    return {(1 - kNeeded) * std::max(0.0, end.shows - posterior_[candidate]), end.hits};
  }
  Expected expected = expectedOf(*mine, [&](std::size_t culprit) { return checkShows(candidate, culprit); });
  const double ratio = ratioOf(*mine);
  expected.shows *= (1 - kNeeded) * ratio / ((1 - kNeeded) * ratio + kNeeded);
  return expected;
}

double Belief::doubtOfCheck(std::size_t candidate) const {
  const auto mine = evidence_.checks.find(candidate);
  return mine == evidence_.checks.end() ? 1 : likelihoodRatio(mine->second);
}

double Belief::likelihoodRatio(const Tally& tally) const {
  return ratioOf(lookAt(0, tally, {kOtherHits, kOtherTries}, false));
}

// How much likelier such tries are if the kernel shows the bug than if it does not.
double Belief::ratioOf(const Tried& tried) const {
  double ratio = 0;
  for (std::size_t rate = 0; rate < kRates.size(); ++rate)
    ratio += rates_[rate] * std::exp(tried.ifShown[rate] - tried.ifNot);
  return ratio;
}

bool Belief::checkShows(std::size_t candidate, std::size_t culprit) const {
  return candidate != culprit && shows(question_.fixedBy ? 0 : space_.size(), culprit);
}

double Belief::tells(std::size_t kernel) const {
  const Tally& tally = evidence_.of(kernel);
  return (tally.bad + tally.good + 4.5) / (tally.tries() + tally.inconclusive + 5.0);
}

double Belief::rateQuantile(double quantile) const {
  double sum = 0;
  for (std::size_t rate = 0; rate < rates_.size(); ++rate) {
    sum += rates_[rate];
    if (sum >= quantile) return kRates[rate].rate;
  }
  return kRates.back().rate;
}

double Belief::rate() const {
  return rateQuantile(0.5);
}

statistics::Interval Belief::rateInterval() const {
  return {rateQuantile(0.025), rateQuantile(0.975)};
}

double Belief::deterministic() const {
  return rates_.back();
}

}  // namespace relapse::bisect
