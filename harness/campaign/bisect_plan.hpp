// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <compare>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bisect/space.hpp"
#include "failure/values.hpp"
#include "kernel/config_difference.hpp"
#include "kernel/git_range.hpp"
#include "kernel/patch_series.hpp"

// What is bisected: candidates in their order, and how a kernel is made of some of them. Kernel k ends with candidate
// k, of 1 to n; kernel 0 has none of them (bisect/values.hpp).
namespace relapse::campaign {

struct BisectCandidate {
  std::string name;     // "0005-nfs-keep-the-page", a commit's 12 digits, "CONFIG_PREEMPT=y"
  std::string subject;  // one line
  std::string author;
  std::string commit;  // 40 hex digits; empty: not known
  std::string messageId;
  double objects = 1;                     // that have to be built anew for it, roughly
  std::filesystem::path patch = {};       // of a series: its file
  kernel::DifferentOption option = {};    // of a configuration
  std::vector<std::size_t> parents = {};  // of a graph: candidates, as numbers
};

enum class BisectKind { Series, Git, Config };

struct BisectPlan {
  BisectKind kind = BisectKind::Series;
  std::string source;                       // of all kernels but git's; empty: the scenario's
  std::vector<std::filesystem::path> base;  // of a series: patches that the good end has
  std::filesystem::path repository;         // of git
  std::string goodCommit;                   //
  bool graph = false;                       // of git: not first-parent
  std::filesystem::path goodFragment;       // of a configuration
  std::vector<std::string> ends;            // the old one's and the new one's name
  std::vector<BisectCandidate> candidates;  // the first is number 1

  std::size_t size() const { return candidates.size(); }
  const BisectCandidate& candidate(std::size_t number) const { return candidates.at(number - 1); }
};

bisect::Space spaceOf(const BisectPlan& plan);

// Word of a kind in reports ("series", "git", "config").
std::string_view word(BisectKind kind);

// Puts what is bisected together. What is read is copied into `folder`: the user's files may change meanwhile.
// `good` and `bad` of a series: names, numbers, or the subjects of patches of it; that is where an end is. Empty: the
// source without any, and with all.
struct SeriesRequest {
  std::string source;
  std::filesystem::path series;
  std::string good = {};
  std::string bad = {};
};
Result<BisectPlan> planSeries(const SeriesRequest& request, const std::filesystem::path& folder);

struct GitRequest {
  std::filesystem::path tree;
  std::string good;
  std::string bad;
  bool firstParent = false;
};
Result<BisectPlan> planGit(const GitRequest& request, const std::stop_token& stop);

struct ConfigRequest {
  std::string source;
  std::filesystem::path good;
  std::filesystem::path bad;
};
Result<BisectPlan> planConfig(const ConfigRequest& request, const std::filesystem::path& folder);

// A kernel: the one that ends with candidate `upTo`, with some more and without some.
struct Mix {
  std::size_t upTo = 0;
  std::set<std::size_t> plus = {};
  std::set<std::size_t> minus = {};

  // Of a kernel whose candidates are in one line.
  bool has(std::size_t number) const { return (number <= upTo && !minus.contains(number)) || plus.contains(number); }

  friend auto operator<=>(const Mix&, const Mix&) = default;
};

// Of several that are the same kernel the simplest.
Mix simplest(const BisectPlan& plan, Mix mix);
// Its name in the log and in files: "5", "8-3", "0+3+6"; and back.
std::string keyOf(const Mix& mix);
std::optional<Mix> mixOf(std::string_view key);
// For a reader: "the bad end without 0005-nfs-keep-the-page".
std::string inWords(const BisectPlan& plan, const Mix& mix);

// How it is built, as the options of `relapse run`.
struct KernelOptions {
  std::string source;  // --kernel; empty: the scenario's
  std::vector<std::filesystem::path> patches;
  std::vector<std::filesystem::path> configs;
  bool withoutSeries = false;  // the scenario's own is left out
};
// `folder`: where files are put that it needs. BadInput: there is no such kernel.
Result<KernelOptions> optionsOf(const BisectPlan& plan, const Mix& mix, const std::filesystem::path& folder,
                                const std::stop_token& stop);

nlohmann::ordered_json jsonOf(const BisectPlan& plan);
Result<BisectPlan> planOf(const nlohmann::ordered_json& json);

}  // namespace relapse::campaign
