// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bisect/evidence.hpp"
#include "bisect/space.hpp"
#include "bisect/values.hpp"
#include "statistics/values.hpp"

namespace relapse::bisect {

// What the evidence says, as Bayes has it, of the candidate and of the bug's rate together. Before any try each
// candidate is as likely as another, either end may be wrong (1 in 10 each), and the rate may be anything, often 1.
//
// A kernel that shows the bug has a rate of its own about the common one. Another failure speaks against the bug as far
// as kernels that show it fail otherwise less often: a kernel that always fails otherwise does not show it, one that
// did so once was only interrupted.
//
// Keeps the space and the evidence by reference.
class Belief {
 public:
  Belief(const Space& space, const Evidence& evidence, const Question& question);

  // That this candidate is it; 0: the bug is as it is at the new end already at the old one; n + 1: and the same the
  // other way round, nothing in between changes it.
  double posterior(std::size_t candidate) const { return posterior_[candidate]; }
  const std::vector<double>& posteriors() const { return posterior_; }

  // Of the next try of each of these kernels: that the kernel shows the bug, and that the try then hits.
  struct Expected {
    double shows = 0;
    double hits = 0;
  };
  std::vector<Expected> expected(const std::vector<std::size_t>& kernels) const;
  Expected expectedOfCheck(std::size_t candidate) const;
  // How much likelier what the check of a candidate showed is without the bug than with it, as 1 in so many; 1: no try.
  double doubtOfCheck(std::size_t candidate) const;
  // So much likelier are these tries of a kernel, of which nothing is known beside, if it shows the bug than if it does
  // not: one that has it, and hides it behind another failure, does not show it.
  double likelihoodRatio(const Tally& tally) const;
  // That a try says something of the bug: neither another failure nor inconclusive.
  double tells(std::size_t kernel) const;

  // The common rate: its middle (median), and the ends between which it is with 95 %.
  double rate() const;
  statistics::Interval rateInterval() const;
  // That the bug comes in every try, or nearly.
  double deterministic() const;

  bool shows(std::size_t kernel, std::size_t candidate) const {
    return space_.has(kernel, candidate) != question_.fixedBy;
  }

 private:
  // What the tries of a kernel say, or those of the check of a candidate.
  struct Tried {
    std::size_t number = 0;       // of the kernel, or of the candidate
    std::vector<double> ifShown;  // log likelihood, by rate
    double ifNot = 0;             //
    std::vector<double> hits;     // of the next try when it shows, by rate
  };
  // Candidates of which all tries say the same.
  struct Pattern {
    std::size_t example = 0;      // one of them
    std::vector<double> weights;  // by rate: how likely one is, but for its prior
    double weight = 0;            // of all rates
    double posterior = 0;         // of all candidates of it
  };
  void lookAtTries();
  struct Others {  // other failures, of so many tries
    double hits;
    double tries;
  };
  Tried lookAt(std::size_t number, const Tally& tally, const Others& others, bool hides) const;
  void weighCandidates();
  void findPatterns();
  std::vector<std::uint64_t> patternKeys() const;
  static Tried unlessNeeded(Tried checked);
  void weighPatterns();
  std::vector<double> priors() const;
  bool checkShows(std::size_t candidate, std::size_t culprit) const;
  std::vector<Expected> expectedIfUntried() const;
  template <class Shows>
  Expected expectedOf(const Tried& tried, const Shows& shows) const;
  double ratioOf(const Tried& tried) const;
  double rateQuantile(double quantile) const;

  const Space& space_;
  const Evidence& evidence_;
  Question question_;
  std::vector<Tried> tried_;
  std::vector<Tried> checked_;
  std::vector<Pattern> patterns_;
  std::vector<std::size_t> patternOf_;  // by candidate
  std::vector<double> posterior_;       // by candidate
  std::vector<double> rates_;           // posterior, by rate
};

}  // namespace relapse::bisect
