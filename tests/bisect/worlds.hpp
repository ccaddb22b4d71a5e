// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <variant>
#include <vector>

#include "bisect/search.hpp"

namespace relapse::bisect {

// A bug that is known, and tries of it: what a search is tried on.
struct World {
  World(Space ofSpace, std::size_t ofCulprit, double ofRate = 1, std::uint64_t seed = 1)
      : space(std::move(ofSpace)),
        culprit(ofCulprit),
        rate(ofRate),
        skips(space.size() + 1, false),
        fails(space.size() + 1, false),
        random(seed) {}

  Space space;
  std::size_t culprit;  // 0 to n + 1, as a candidate
  double rate;
  Question question;
  std::vector<bool> skips;  // by kernel: cannot be built
  std::vector<bool> fails;  // always, and otherwise
  double noResult = 0;      // of the tries, before anything else
  double otherCrash = 0;    //
  std::mt19937_64 random;

  bool chance(double p) { return std::uniform_real_distribution<>()(random) < p; }
  // Of the kernels between the ends.
  void some(std::vector<bool>& kernels, double share) {
    for (std::size_t kernel = 1; kernel < space.size(); ++kernel) kernels[kernel] = chance(share);
  }
  bool shows(Trial trial) const {
    const std::size_t end = question.fixedBy ? 0 : space.size();
    const bool bad = space.has(trial.check ? end : trial.number, culprit) != question.fixedBy;
    return bad && !(trial.check && trial.number == culprit);
  }
  Saw run(Trial trial) {
    if (chance(noResult)) return Saw::Inconclusive;
    if (chance(otherCrash) || (!trial.check && fails[trial.number])) return Saw::Other;
    return shows(trial) && chance(rate) ? Saw::Bad : Saw::Good;
  }
};

// A search from its beginning to what it came to; a Trial when it had not ended after `most` steps.
struct Walk {
  explicit Walk(std::size_t candidates) : evidence(candidates) {}

  Step end;
  Evidence evidence;
  std::vector<Trial> trials;  // skipped kernels are among them

  bool found(std::size_t culprit) const {
    const auto* group = std::get_if<Found>(&end);
    return group != nullptr && std::ranges::find(group->candidates, culprit) != group->candidates.end();
  }
  std::size_t kernelsBetween() const {
    std::vector<std::size_t> kernels;
    for (const Trial trial : trials)
      if (!trial.check && trial.number > 0 && trial.number + 1 < evidence.tallies.size())
        kernels.push_back(trial.number);
    std::ranges::sort(kernels);
    return static_cast<std::size_t>(std::unique(kernels.begin(), kernels.end()) - kernels.begin());
  }
};

inline Costs costs(std::size_t candidates, double build, double run = 1) {
  return {std::vector<double>(candidates + 1, build), {}, build, run};
}

inline Walk follow(World& world, Costs cost, int most = 20'000) {
  Walk walk(world.space.size());
  for (int step = 0; step < most; ++step) {
    walk.end = next(world.space, walk.evidence, world.question, cost);
    const auto* trial = std::get_if<Trial>(&walk.end);
    if (trial == nullptr) break;
    walk.trials.push_back(*trial);
    if (!trial->check) cost.build[trial->number] = 0;
    if (!trial->check && world.skips[trial->number])
      walk.evidence.untestable[trial->number] = true;
    else
      walk.evidence.add(*trial, world.run(*trial));
  }
  return walk;
}

inline Walk follow(World& world) {
  return follow(world, costs(world.space.size(), 1));
}

// Commits with side branches that are merged again; the last one holds all.
inline Space merged(std::size_t candidates, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto draw = [&](std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(random); };
  std::vector<std::vector<std::size_t>> parents;
  std::vector<std::size_t> heads;
  for (std::size_t kernel = 1; kernel < candidates; ++kernel) {
    if (heads.size() > 1 && draw(4) == 0) {  // a merge of two
      const std::size_t one = draw(heads.size());
      const std::size_t other = (one + 1 + draw(heads.size() - 1)) % heads.size();
      parents.push_back({heads[one], heads[other]});
      heads[one] = kernel;
      heads.erase(heads.begin() + static_cast<std::ptrdiff_t>(other));
    } else if (heads.empty() || draw(4) == 0) {  // a branch off anything
      const std::size_t from = draw(kernel);
      parents.push_back(from == 0 ? std::vector<std::size_t>{} : std::vector{from});
      std::erase(heads, from);
      heads.push_back(kernel);
    } else {
      std::size_t& head = heads[draw(heads.size())];
      parents.push_back({head});
      head = kernel;
    }
  }
  parents.push_back(heads);
  return Space::graph(parents);
}

}  // namespace relapse::bisect
