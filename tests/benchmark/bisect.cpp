// SPDX-License-Identifier: GPL-2.0-or-later
//
// How many runs a bisect of a flaky bug takes and how often it is right, beside other ways and the least that any way
// can do, in simulated worlds. One seed: the same arguments give the same figures. docs/bisect-benchmark.md says more.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "bisect/search.hpp"

namespace {

using namespace relapse::bisect;

constexpr double kSkips = 0.10;       // kernels that do not build
constexpr double kNoResult = 0.05;    // of the tries: the infrastructure's
constexpr double kOtherCrash = 0.05;  // of the tries
constexpr double kWrong = 0.05;       // that relapse is asked for, and that the bound allows
constexpr int kMostTriesEach = 400;

struct Options {
  int worlds = 200;
  std::vector<std::size_t> sizes{16, 64, 256, 1024, 4096};
  std::vector<double> rates{0.05, 0.1, 0.3, 0.6, 1.0};
  std::uint64_t seed = 1;
  double spread = 1;
  double misjudged = 1;
  double otherKernels = 0;
  double otherBefore = 0;
  double build = 1e-6;
  double run = 6;
};

// One bug in a line of candidates.
class World {
 public:
  World(std::size_t candidates, double rate, const Options& options, std::uint64_t seed)
      : random_(seed),
        rates_(candidates + 1, rate),
        skips_(candidates + 1, false),
        fails_(candidates + 1, false),
        culprit_(std::uniform_int_distribution<std::size_t>(1, candidates)(random_)) {
    for (std::size_t kernel = 1; kernel < candidates; ++kernel) skips_[kernel] = chance(kSkips);
    if (options.spread > 1)
      for (double& one : rates_) one *= std::pow(options.spread, std::uniform_real_distribution<>(-1, 1)(random_));
    rates_.back() *= options.misjudged;
    for (std::size_t kernel = 1; options.otherKernels + options.otherBefore > 0 && kernel < candidates; ++kernel)
      fails_[kernel] = chance(options.otherKernels + (kernel < culprit_ ? options.otherBefore : 0));
  }

  std::size_t size() const { return rates_.size() - 1; }
  std::size_t culprit() const { return culprit_; }
  bool skips(std::size_t kernel) const { return skips_[kernel]; }

  Saw run(std::size_t kernel) {
    const Saw saw = runOf(kernel >= culprit_, rates_[kernel]);
    return fails_[kernel] && saw != Saw::Inconclusive ? Saw::Other : saw;
  }
  Saw runWithout(std::size_t candidate) { return runOf(candidate != culprit_, rates_.back()); }

  // Of what there is to know of the culprit, in bits: no way tells those apart between which no kernel can be tried.
  double bits() const {
    std::size_t first = culprit_;
    std::size_t last = culprit_;
    while (first > 1 && (skips_[first - 1] || fails_[first - 1])) --first;
    while (last < size() && (skips_[last] || fails_[last])) ++last;
    return std::log2(static_cast<double>(size()) / static_cast<double>(last - first + 1));
  }

 private:
  Saw runOf(bool shows, double rate) {
    if (chance(kNoResult)) return Saw::Inconclusive;
    if (chance(kOtherCrash)) return Saw::Other;
    return shows && chance(rate) ? Saw::Bad : Saw::Good;
  }
  bool chance(double p) { return std::uniform_real_distribution<>()(random_) < p; }

  std::mt19937_64 random_;
  std::vector<double> rates_;
  std::vector<bool> skips_;
  std::vector<bool> fails_;  // always, and otherwise
  std::size_t culprit_;
};

struct Outcome {
  double right = 0;
  double none = 0;     // no culprit is named
  double runs = 0;     // between the ends
  double ends = 0;     // at them
  double checks = 0;   // of the new end without the culprit
  double kernels = 0;  // built, or tried to
};

Outcome relapseWay(World& world, const Options& options) {
  const std::size_t n = world.size();
  const Space space = Space::line(n);
  Evidence evidence(n);
  Question question;
  question.confidence = 1 - kWrong;
  Costs costs{std::vector<double>(n + 1, options.build), {}, options.build, options.run};
  Outcome outcome;
  for (;;) {
    const Step step = next(space, evidence, question, costs);
    const auto* trial = std::get_if<Trial>(&step);
    if (trial == nullptr) {
      const auto* found = std::get_if<Found>(&step);
      outcome.none = found == nullptr ? 1 : 0;
      outcome.right = found != nullptr && std::ranges::count(found->candidates, world.culprit()) > 0 ? 1 : 0;
      return outcome;
    }
    if (trial->check) {
      if (!evidence.checks.contains(trial->number)) ++outcome.kernels;
      ++outcome.checks;
      evidence.add(*trial, world.runWithout(trial->number));
      continue;
    }
    if (costs.build[trial->number] > 0) ++outcome.kernels;
    costs.build[trial->number] = 0;
    if (world.skips(trial->number)) {
      evidence.untestable[trial->number] = true;
      continue;
    }
    ++(trial->number == 0 || trial->number == n ? outcome.ends : outcome.runs);
    evidence.add(*trial, world.run(trial->number));
  }
}

// `git bisect`. `hits` says whether a kernel shows the bug; nothing: it is skipped.
using Hits = std::function<std::optional<bool>(std::size_t kernel, Outcome& outcome)>;
Outcome halve(const World& world, const Hits& hits, Outcome outcome = {}) {
  std::size_t good = 0;
  std::size_t bad = world.size();
  std::vector<bool> skipped(world.size() + 1, false);
  const auto middle = [&]() -> std::optional<std::size_t> {  // the nearest to it that was not skipped
    const std::size_t at = (good + bad) / 2;
    for (std::size_t away = 0; away < bad - good; ++away)
      for (const std::size_t kernel : {at - std::min(away, at), at + away})
        if (kernel > good && kernel < bad && !skipped[kernel]) return kernel;
    return std::nullopt;
  };
  while (const auto kernel = middle()) {
    ++outcome.kernels;
    const auto hit = world.skips(*kernel) ? std::nullopt : hits(*kernel, outcome);
    if (hit)
      (*hit ? bad : good) = *kernel;
    else
      skipped[*kernel] = true;
  }
  outcome.right = world.culprit() > good && world.culprit() <= bad ? 1 : 0;
  return outcome;
}

// A kernel is bad when any of `tries` hits; one without a result, or with another crash, is made again.
Outcome triesEach(World& world, int tries) {
  constexpr int kMostWithoutAny = 10;
  return halve(world, [&](std::size_t kernel, Outcome& outcome) -> std::optional<bool> {
    int made = 0;
    for (int done = 0; done < tries;) {
      const Saw saw = world.run(kernel);
      ++outcome.runs;
      if (saw == Saw::Bad) return true;
      if (saw == Saw::Good) ++done;
      if (++made >= kMostWithoutAny && done == 0) return std::nullopt;
    }
    return false;
  });
}

// As a large fuzzing service does it: 10 guests on each kernel, all at once; 20 when the bug is flaky at its end.
Outcome guestsEach(World& world) {
  Outcome ends;
  int atEnd = 0;
  for (; ends.ends < 10; ++ends.ends) atEnd += world.run(world.size()) == Saw::Bad ? 1 : 0;
  const int guests = atEnd < 8 ? 20 : 10;
  const auto hits = [&](std::size_t kernel, Outcome& outcome) -> std::optional<bool> {
    int bad = 0;
    int good = 0;
    for (int i = 0; i < guests; ++i) {
      const Saw saw = world.run(kernel);
      bad += saw == Saw::Bad ? 1 : 0;
      good += saw == Saw::Good ? 1 : 0;
    }
    outcome.runs += guests;
    return bad + good == 0 ? std::nullopt : std::optional(bad > 0);
  };
  return halve(world, hits, ends);
}

// The least runs between the ends, on the average, of any way that knows the rate and is wrong that often. A kernel
// with the bug hits at the rate, one without never. Two bounds, of which the greater counts: Fano's, with the capacity
// of this channel (the Z channel) with feedback; and what it takes to tell the culprit from the candidate before it,
// whose kernel is the only one that does: so many misses there (the change of measure of Wald, and of Kaufmann, Cappe
// and Garivier).
double leastRuns(double bits, double rate) {
  const double misses = 1 - std::min(rate, 0.999);
  const double doubt = -kWrong * std::log2(kWrong) - (1 - kWrong) * std::log2(1 - kWrong);
  const double capacity = std::log2(1 + (1 - misses) * std::pow(misses, misses / (1 - misses)));
  const double fano = ((1 - kWrong) * bits - doubt) / capacity;
  const double apart = (1 - 2 * kWrong) * std::log2((1 - kWrong) / kWrong) / -std::log2(misses);
  return std::max(fano, apart) / ((1 - kNoResult) * (1 - kOtherCrash));
}

// Of all worlds of a size and a rate, which are the same for each way.
class Worlds {
 public:
  Worlds(std::size_t size, double rate, const Options& options) : size_(size), rate_(rate), options_(options) {}

  template <class Way>
  Outcome average(const Way& way) const {
    Outcome sum;
    for (int i = 0; i < options_.worlds; ++i) {
      World world = make(i);
      const Outcome one = way(world);
      for (double Outcome::*const each :
           {&Outcome::right, &Outcome::none, &Outcome::runs, &Outcome::ends, &Outcome::checks, &Outcome::kernels})
        sum.*each += one.*each / options_.worlds;
    }
    return sum;
  }
  double bits() const {
    double sum = 0;
    for (int i = 0; i < options_.worlds; ++i) sum += make(i).bits() / options_.worlds;
    return sum;
  }

 private:
  World make(int number) const {
    return {size_, rate_, options_, options_.seed * 1'000'003 + static_cast<std::uint64_t>(number)};
  }
  std::size_t size_;
  double rate_;
  const Options& options_;
};

void printHeads() {
  fmt::print("{:>10}  {:-^43}  {:-^12}  {:-^12}  {:-^13}  {:-^11}  {:-^12}\n", "", "relapse", "git bisect",
             "5 tries each", "10/20 guests", "k, as right", "bound");
  fmt::print(
      "{:>5} {:>4}  {:>6} {:>6} {:>7} {:>7} {:>6} {:>6}  {:>6} {:>5}  {:>6} {:>5}  {:>6} {:>6}  {:>4} {:>6}  "
      "{:>6} {:>5}\n",
      "n", "rate", "right", "none", "runs", "ends", "checks", "built", "right", "runs", "right", "runs", "right",
      "runs", "k", "runs", "runs", "ratio");
}

void printLine(std::size_t size, double rate, const Options& options) {
  const Worlds worlds(size, rate, options);
  const Outcome ours = worlds.average([&](World& world) { return relapseWay(world, options); });
  const Outcome plain = worlds.average([](World& world) { return triesEach(world, 1); });
  const Outcome five = worlds.average([](World& world) { return triesEach(world, 5); });
  const Outcome guests = worlds.average([](World& world) { return guestsEach(world); });
  Outcome equal = plain;
  int tries = 1;
  while (equal.right < ours.right && tries < kMostTriesEach)
    equal = worlds.average([&, each = ++tries](World& world) { return triesEach(world, each); });
  const double bound = leastRuns(worlds.bits(), rate);
  const auto share = [](double of) { return fmt::format("{:.1f}%", 100 * of); };
  fmt::print("{:>5} {:>4.2f}  {:>6} {:>6} {:>7.1f} {:>7.1f} {:>6.1f} {:>6.1f}", size, rate, share(ours.right),
             share(ours.none), ours.runs, ours.ends, ours.checks, ours.kernels);
  for (const Outcome& other : {plain, five}) fmt::print("  {:>6} {:>5.1f}", share(other.right), other.runs);
  fmt::print("  {:>6} {:>6.1f}", share(guests.right), guests.runs);
  if (equal.right < ours.right)
    fmt::print("  {:>11}", fmt::format("> {}", kMostTriesEach));
  else
    fmt::print("  {:>4} {:>6.1f}", tries, equal.runs);
  fmt::print("  {:>6.1f} {:>5.2f}\n", bound, (ours.runs + ours.checks) / bound);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "How many runs a bisect of a flaky bug takes, and how often it is right, in simulated worlds.\n"
      "10 % of the kernels do not build, 5 % of the runs come to no result, 5 % crash otherwise.");
  const auto add = [&](const char* name, auto& value, const char* what) {
    return app.add_option(name, value, what)->capture_default_str();
  };
  add("--worlds", options.worlds, "of each size and rate")->check(CLI::PositiveNumber);
  add("--sizes", options.sizes, "numbers of candidates")->delimiter(',')->check(CLI::PositiveNumber);
  add("--rates", options.rates, "of the runs of a kernel with the bug, so many hit it")
      ->delimiter(',')
      ->check(CLI::Range(0.001, 1.0));
  add("--seed", options.seed, "other worlds for another seed");
  add("--spread", options.spread, "a kernel's own rate: the common one, times or divided by up to this")
      ->check(CLI::Range(1.0, 10.0));
  add("--misjudged", options.misjudged, "the new end's own rate: the common one times this");
  add("--other-kernels", options.otherKernels, "so many of the kernels between the ends always crash otherwise")
      ->check(CLI::Range(0.0, 1.0));
  add("--other-before", options.otherBefore, "and so many of those before the culprit")->check(CLI::Range(0.0, 1.0));
  add("--build-seconds", options.build, "of a kernel that is not there")->check(CLI::PositiveNumber);
  add("--run-seconds", options.run, "of a run")->check(CLI::PositiveNumber);
  app.footer(
      "right: the group that is named holds the culprit. none: no culprit is named. runs: between the ends.\n"
      "checks: runs of the new end without the culprit. built: kernels, the ends and a check's among them.\n"
      "k: the least tries each that are right as often. bound: runs that any way takes. ratio: relapse's runs and\n"
      "checks by the bound.");
  CLI11_PARSE(app, argc, argv);
  printHeads();
  for (const std::size_t size : options.sizes)
    for (const double rate : options.rates) printLine(size, rate, options);
  return 0;
}
