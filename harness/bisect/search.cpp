// SPDX-License-Identifier: GPL-2.0-or-later
#include "bisect/search.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <unordered_map>

#include "bisect/scatter.hpp"

namespace relapse::bisect {
namespace {

constexpr int kTriesOfAnEnd = 2;           // at least, of the one with the bug,
constexpr int kHitsOfAnEnd = 5;            // or so many hits when it does not come always: the rate is measured there
constexpr std::size_t kExactUnderWay = 3;  // so many open tries are thought through in all ways,
constexpr int kDraws = 12;                 // more in so many that are drawn
constexpr double kTellsNothing = 1e-7;     // bits
constexpr double kSaysNo = 0.2;            // a kernel so much less likely to show the bug is taken as one without it
constexpr std::size_t kLooks = 16;         // kernels looked at between two that were tried or are there
constexpr double kMostTries = 64;          // of a kernel that is to be built: what it may tell is thought of so far

double entropy(double p) {
  if (p <= 0 || p >= 1) return 0;
  return -p * std::log2(p) - (1 - p) * std::log2(1 - p);
}

// Bits about whether the kernel shows the bug, of `tries` tries of which it is known whether any hit.
double information(double shows, double hits, double falsePositive, double tries) {
  const double one = 1 - std::pow(1 - hits, tries);
  const double none = 1 - std::pow(1 - falsePositive, tries);
  const double all = shows * one + (1 - shows) * none;
  return std::max(0.0, entropy(all) - shows * entropy(one) - (1 - shows) * entropy(none));
}

using Values = std::map<Trial, double>;

// So many tries that all failed otherwise say what more of them would say.
bool saysNothingElse(const Tally& tally) {
  return tally.other >= 6 && tally.bad + tally.good == 0;
}

bool tellsApart(const Evidence& evidence, std::size_t kernel) {
  return !evidence.untestable[kernel] && !givesNoResult(evidence.of(kernel));
}

bool canBeTried(const Evidence& evidence, std::size_t kernel) {
  return tellsApart(evidence, kernel) && !saysNothingElse(evidence.of(kernel));
}

bool canBeChecked(const Evidence& evidence, std::size_t candidate) {
  const auto made = evidence.checks.find(candidate);
  return !evidence.uncheckable[candidate] &&
         (made == evidence.checks.end() || (!givesNoResult(made->second) && !saysNothingElse(made->second)));
}

bool isThere(const Trial& trial, const Evidence& evidence, const Costs& costs) {
  return trial.check ? evidence.checks.contains(trial.number) : costs.build[trial.number] <= 0;
}

// By candidate, from 1: the number of its group, from 0.
std::vector<std::size_t> groupNumbers(const Space& space, const Evidence& evidence) {
  const std::size_t n = space.size();
  std::vector<std::size_t> numbers(n + 1, 0);
  if (space.isLine()) {
    for (std::size_t kernel = 1; kernel < n; ++kernel)
      numbers[kernel + 1] = numbers[kernel] + (tellsApart(evidence, kernel) ? 1 : 0);
    return numbers;
  }
  std::vector<std::uint64_t> patterns(n + 1, 0);
  for (std::size_t kernel = 1; kernel <= n; ++kernel)
    for (std::size_t candidate = 1; candidate <= kernel && tellsApart(evidence, kernel); ++candidate)
      if (space.has(kernel, candidate)) patterns[candidate] ^= scattered(kernel);
  std::unordered_map<std::uint64_t, std::size_t> places;
  for (std::size_t candidate = 1; candidate <= n; ++candidate)
    numbers[candidate] = places.emplace(patterns[candidate], places.size()).first->second;
  return numbers;
}

Found likeliest(const Space& space, const Evidence& evidence, const Belief& belief) {
  const auto numbers = groupNumbers(space, evidence);
  std::vector<double> posteriors(*std::ranges::max_element(numbers) + 1, 0);
  for (std::size_t candidate = 1; candidate <= space.size(); ++candidate)
    posteriors[numbers[candidate]] += belief.posterior(candidate);
  const auto best = std::ranges::max_element(posteriors);
  Found found{{}, *best};
  for (std::size_t candidate = 1; candidate <= space.size(); ++candidate)
    if (posteriors.begin() + static_cast<std::ptrdiff_t>(numbers[candidate]) == best && belief.posterior(candidate) > 0)
      found.candidates.push_back(candidate);
  return found;
}

class Searcher {
 public:
  Searcher(const Space& space, const Evidence& evidence, const Question& question, const Costs& costs)
      : space_(space),
        evidence_(evidence),
        question_(question),
        costs_(costs),
        belief_(space, evidence, question),
        best_(likeliest(space, evidence, belief_)) {}

  // Nothing: something is to be tried, or nothing that could be tells more.
  std::optional<Step> ended() const {
    if (const auto wrong = endOutOfReach()) return wrong;
    const std::size_t none = question_.fixedBy ? 0 : space_.size() + 1;
    if (belief_.posterior(space_.size() + 1 - none) >= question_.confidence && evidence_.tried(goodEnd()))
      return GoodEndIsBad{};
    if (belief_.posterior(none) >= question_.confidence && evidence_.tried(badEnd())) return BadEndIsGood{};
    if (best_.posterior >= question_.confidence && !endToTry() && !toProve()) return best_;
    return std::nullopt;
  }

  // Bits a second, of what may be tried next.
  Values values() const {
    if (ended()) return {};
    if (const auto end = endToTry()) return {{{*end}, 1 / costs_.run}};
    if (const auto candidate = toProve()) return {{{*candidate, true}, 1 / costs_.run}};
    Values values;
    const auto kernels = toLookAt();
    const auto expected = belief_.expected(kernels);
    for (std::size_t i = 0; i < kernels.size(); ++i) values[{kernels[i]}] = valueOfKernel(kernels[i], expected[i]);
    if (const auto candidate = toCheck()) values[{*candidate, true}] = valueOfCheck(*candidate);
    return values;
  }

 private:
  using Between = std::pair<std::size_t, std::size_t>;  // two kernels

  std::size_t badEnd() const { return question_.fixedBy ? 0 : space_.size(); }
  std::size_t goodEnd() const { return question_.fixedBy ? space_.size() : 0; }

  // An end that was tried, again and again, and is not what it should be, or of which nothing came: no search stands on
  // it.
  std::optional<Step> endOutOfReach() const {
    if (question_.endsKnown) return std::nullopt;
    if (saysNothingElse(evidence_.of(badEnd()))) return BadEndIsGood{};
    if (givesNoResult(evidence_.of(badEnd())) || givesNoResult(evidence_.of(goodEnd()))) return Undecided{};
    return std::nullopt;
  }

  // An end that is not known well enough to search.
  std::optional<std::size_t> endToTry() const {
    if (question_.endsKnown) return std::nullopt;
    const double doubt = (1 - question_.confidence) / 2;
    const auto shows = belief_.expected({badEnd(), goodEnd()});
    const Tally& bad = evidence_.of(badEnd());
    const bool measured = bad.bad >= kHitsOfAnEnd || belief_.deterministic() >= 0.5;
    const bool badIsKnown = measured && bad.tries() >= kTriesOfAnEnd && shows[0].shows >= 1 - doubt;
    const bool goodIsKnown = evidence_.tried(goodEnd()) && shows[1].shows <= doubt;
    if (!badIsKnown && canBeTried(evidence_, badEnd())) return badEnd();
    if (!goodIsKnown && canBeTried(evidence_, goodEnd())) return goodEnd();
    return std::nullopt;
  }

  // The candidate that is found but for the proof: without it the bug does not come.
  std::optional<std::size_t> toProve() const {
    if (best_.posterior < question_.confidence || best_.candidates.size() > 1) return std::nullopt;
    const std::size_t candidate = best_.candidates.front();
    const bool proven = belief_.doubtOfCheck(candidate) <= 1 - question_.confidence;
    return proven || !canBeChecked(evidence_, candidate) ? std::nullopt : std::optional(candidate);
  }

  double valueOfKernel(std::size_t kernel, const Belief::Expected& expected) const {
    const bool there = isThere({kernel}, evidence_, costs_);
    const double chance = costs_.chance.empty() || there ? 1 : costs_.chance[kernel];
    return bitsPerTime(expected, there ? 0 : costs_.build[kernel]) * chance * belief_.tells(kernel);
  }

  double valueOfCheck(std::size_t candidate) const {
    const bool there = isThere({candidate, true}, evidence_, costs_);
    return bitsPerTime(belief_.expectedOfCheck(candidate), there ? 0 : costs_.check);
  }

  double bitsPerTime(const Belief::Expected& expected, double build) const {
    double best = 0;
    for (int power = 0; std::ldexp(1.0, power) <= kMostTries; ++power) {
      const double tries = std::ldexp(1.0, power);
      const double bits = information(expected.shows, expected.hits, question_.falsePositive, tries);
      best = std::max(best, bits / (build + tries * costs_.run));
      if (build <= 0) break;
    }
    return best;
  }

  // A candidate that is likelier than all others together, once no kernel between is left that would halve them.
  std::optional<std::size_t> toCheck() const {
    const auto& posteriors = belief_.posteriors();
    const auto best = std::max_element(posteriors.begin() + 1, posteriors.end() - 1);
    const auto candidate = static_cast<std::size_t>(best - posteriors.begin());
    const auto halving = toHalve();
    if (*best < 0.5 || (halving && middleOf(*halving)) || !canBeChecked(evidence_, candidate)) return std::nullopt;
    return candidate;
  }

  // Those that were tried or are there; and of others the one that halves, or all, of a line some of each stretch.
  std::vector<std::size_t> toLookAt() const {
    const auto halving = toHalve();
    std::vector<std::size_t> kernels;
    std::vector<std::size_t> stretch;
    const auto takeSome = [&] {
      const std::size_t step = space_.isLine() ? std::max<std::size_t>(1, stretch.size() / kLooks) : 1;
      for (std::size_t i = step / 2; i < stretch.size(); i += step) kernels.push_back(stretch[i]);
      stretch.clear();
    };
    for (std::size_t kernel = 0; kernel <= space_.size(); ++kernel) {
      if (!canBeTried(evidence_, kernel) || evidence_.sameAs[kernel] != kernel) continue;
      if (evidence_.tried(kernel) || isThere({kernel}, evidence_, costs_)) {
        takeSome();
        kernels.push_back(kernel);
      } else if (!halving) {
        stretch.push_back(kernel);
      }
    }
    takeSome();
    if (const auto middle = halving ? middleOf(*halving) : std::nullopt) kernels.push_back(*middle);
    return kernels;
  }

  // The kernels between which the change is, on a line, if the bug comes always. Nothing: something speaks against
  // that.
  std::optional<Between> toHalve() const {
    if (!space_.isLine()) return std::nullopt;
    Between between{0, space_.size()};
    for (std::size_t kernel = 0; kernel <= space_.size(); ++kernel) {
      const Tally& tally = evidence_.of(kernel);
      if (tally.bad > 0 && tally.good > 0) return std::nullopt;
      // One that failed otherwise each time does not show it; one that did so once was only interrupted.
      const bool tells = tally.bad + tally.good > 0 || (tally.other > 0 && belief_.likelihoodRatio(tally) < kSaysNo);
      if (!tells) continue;
      const bool likeNew = (tally.bad > 0) != question_.fixedBy;
      if (likeNew)
        between.second = std::min(between.second, kernel);
      else
        between.first = std::max(between.first, kernel);
    }
    double inside = 0;  // unless what was taken for sure is not
    for (std::size_t candidate = between.first + 1; candidate <= between.second; ++candidate)
      inside += belief_.posterior(candidate);
    if (inside < 0.5) return std::nullopt;
    return between;
  }

  std::optional<std::size_t> middleOf(Between between) const {
    std::vector<std::size_t> fresh;
    for (std::size_t kernel = between.first + 1; kernel < between.second; ++kernel)
      if (canBeTried(evidence_, kernel) && evidence_.sameAs[kernel] == kernel && !evidence_.tried(kernel))
        fresh.push_back(kernel);
    return fresh.empty() ? std::nullopt : std::optional(fresh[(fresh.size() - 1) / 2]);
  }

  const Space& space_;
  const Evidence& evidence_;
  const Question& question_;
  const Costs& costs_;
  Belief belief_;
  Found best_;
};

// One way in which the tries under way may end.
struct Future {
  double probability;
  Evidence evidence;
};

// What is expected of such a try: that it hits.
double hitting(const Space& space, const Evidence& evidence, const Question& question, Trial trial) {
  const Belief belief(space, evidence, question);
  const auto expected = trial.check ? belief.expectedOfCheck(trial.number) : belief.expected({trial.number}).front();
  return expected.shows * expected.hits + (1 - expected.shows) * question.falsePositive;
}

std::vector<Future> allFutures(const Space& space, const Evidence& evidence, const Question& question,
                               const std::vector<Trial>& underWay) {
  std::vector<Future> all{{1, evidence}};
  for (const Trial trial : underWay) {
    std::vector<Future> longer;
    for (const auto& future : all) {
      const double hit = hitting(space, future.evidence, question, trial);
      longer.push_back({future.probability * hit, future.evidence});
      longer.back().evidence.add(trial, Saw::Bad);
      longer.push_back({future.probability * (1 - hit), future.evidence});
      longer.back().evidence.add(trial, Saw::Good);
    }
    all = std::move(longer);
  }
  return all;
}

std::vector<Future> futures(const Space& space, const Evidence& evidence, const Question& question,
                            const std::vector<Trial>& underWay) {
  if (underWay.size() <= kExactUnderWay) return allFutures(space, evidence, question, underWay);
  std::mt19937_64 random(underWay.size());  // the same again for the same question
  std::vector<Future> drawn;
  for (int draw = 0; draw < kDraws; ++draw) {
    Future future{1.0 / kDraws, evidence};
    for (const Trial trial : underWay) {
      const double hit = hitting(space, future.evidence, question, trial);
      const bool hits = std::uniform_real_distribution<>()(random) < hit;
      future.evidence.add(trial, hits ? Saw::Bad : Saw::Good);
    }
    drawn.push_back(std::move(future));
  }
  return drawn;
}

// Bits a second, on the average of these futures; those in which the search is over count nothing.
Values averageValues(const Space& space, const std::vector<Future>& futures, const Question& question,
                     const Costs& costs) {
  Values values;
  for (const auto& future : futures) {
    const Searcher then(space, future.evidence, question, costs);
    for (const auto& [trial, value] : then.values()) values[trial] += future.probability * value;
  }
  return values;
}

}  // namespace

bool givesNoResult(const Tally& tally) {
  return tally.inconclusive >= 4 && tally.inconclusive > 2 * tally.tries();
}

std::vector<Found> groups(const Space& space, const Evidence& evidence, const Belief& belief) {
  const auto numbers = groupNumbers(space, evidence);
  std::vector<Found> groups(*std::ranges::max_element(numbers) + 1);
  for (std::size_t candidate = 1; candidate <= space.size(); ++candidate) {
    if (belief.posterior(candidate) <= 0) continue;
    groups[numbers[candidate]].candidates.push_back(candidate);
    groups[numbers[candidate]].posterior += belief.posterior(candidate);
  }
  std::ranges::stable_sort(groups,
                           [](const Found& one, const Found& other) { return one.posterior > other.posterior; });
  return groups;
}

Step next(const Space& space, const Evidence& evidence, const Question& question, const Costs& costs,
          const std::vector<Trial>& underWay) {
  const Searcher now(space, evidence, question, costs);
  if (auto ended = now.ended()) return *ended;
  const auto values = underWay.empty()
                          ? now.values()
                          : averageValues(space, futures(space, evidence, question, underWay), question, costs);
  const auto best = std::ranges::max_element(values, {}, &Values::value_type::second);
  if (best == values.end() || best->second * costs.run < kTellsNothing) return Undecided{};
  return best->first;
}

std::optional<Trial> toBuild(const Space& space, const Evidence& evidence, const Question& question, const Costs& costs,
                             const std::vector<Trial>& underWay) {
  auto values = averageValues(space, futures(space, evidence, question, underWay), question, costs);
  std::erase_if(values, [&](const auto& one) { return isThere(one.first, evidence, costs); });
  const auto best = std::ranges::max_element(values, {}, &Values::value_type::second);
  if (best == values.end() || best->second <= 0) return std::nullopt;
  return best->first;
}

}  // namespace relapse::bisect
