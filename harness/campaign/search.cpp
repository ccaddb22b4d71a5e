// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/search.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "statistics/rates.hpp"

namespace relapse::campaign {
namespace {

constexpr std::size_t kLeastFirstRound = 4;
constexpr int kShareOfFirstRound = 3;  // a third

}  // namespace

Search::Search(std::size_t settings, std::uint64_t seed)
    : records_(settings), inconclusiveInARow_(settings), random_(seed) {}

std::optional<std::size_t> Search::untried() const {
  for (std::size_t i = 1; i < records_.size(); ++i)
    if (alive(i) && records_[i].count.tries == 0) return i;
  return std::nullopt;
}

std::optional<std::size_t> Search::fewestTries() const {
  std::optional<std::size_t> fewest;
  for (std::size_t i = 0; i < records_.size(); ++i)
    if (alive(i) && (!fewest || records_[i].count.tries < records_[*fewest].count.tries)) fewest = i;
  return fewest;
}

std::size_t Search::drawBest(const std::vector<std::size_t>& among) {
  std::size_t best = among.front();
  double highest = -1;
  for (const auto setting : among) {
    const double rate = statistics::drawnRate(records_[setting].count, random_);
    if (rate <= highest) continue;
    highest = rate;
    best = setting;
  }
  return best;
}

std::optional<std::size_t> Search::next(int left) {
  if (alive(0) && records_[0].count.tries < kBaselineTries) return 0;
  if (firstRound_ == 0)
    firstRound_ = std::max(kLeastFirstRound, static_cast<std::size_t>(std::max(left, 0) / kShareOfFirstRound));
  const auto fresh = untried();
  if (fresh && *fresh <= firstRound_) return fresh;
  const bool came =
      std::any_of(records_.begin(), records_.end(), [](const auto& record) { return record.count.hits > 0; });
  if (!came) return fresh ? fresh : fewestTries();
  std::vector<std::size_t> known;
  for (std::size_t i = 0; i < records_.size(); ++i)
    if (alive(i) && (records_[i].count.tries > 0 || fresh == i)) known.push_back(i);
  if (known.empty()) return std::nullopt;
  const std::size_t first = drawBest(known);
  if (known.size() == 1 || random_() % 2 == 0) return first;
  known.erase(std::find(known.begin(), known.end(), first));
  return drawBest(known);
}

void Search::add(std::size_t setting, const TryResult& result) {
  auto& record = records_[setting];
  if (result.outcome == Outcome::Inconclusive) {
    ++record.inconclusive;
    if (++inconclusiveInARow_[setting] == kInconclusiveInARow) setAside(setting, result.reason);
    return;
  }
  inconclusiveInARow_[setting] = 0;
  const bool came = result.outcome == Outcome::Reproduced;
  record.count += {came ? 1 : 0, 1};
  if (result.outcome == Outcome::OtherFailure) ++record.otherFailures;
  if (came && result.toEvent) record.toEvent.push_back(*result.toEvent);
}

void Search::setAside(std::size_t setting, std::string why) {
  records_[setting].setAside = std::move(why);
}

std::optional<std::size_t> Search::best() const {
  std::optional<std::size_t> best;
  double highest = 0;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (!alive(i) || records_[i].count.hits == 0) continue;
    const double likely = statistics::likelyRate(records_[i].count, 0.25);
    if (best && likely <= highest) continue;
    highest = likely;
    best = i;
  }
  const auto& baseline = records_[0].count;
  const bool asGood =
      best && alive(0) && baseline.tries >= kBaselineTries && baseline.rate() >= records_[*best].count.rate();
  return asGood ? 0 : best;
}

std::uint64_t seedOf(std::uint64_t campaign, int number) {
  std::uint64_t bits = campaign + static_cast<std::uint64_t>(number) * 0x9e3779b97f4a7c15;  // splitmix64
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return (bits ^ (bits >> 31)) % 0x7fffffff + 1;
}

}  // namespace relapse::campaign
