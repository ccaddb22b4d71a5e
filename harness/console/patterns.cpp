// SPDX-License-Identifier: GPL-2.0-or-later
#include "console/patterns.hpp"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <utility>

namespace relapse::console {
namespace {

RE2::Options quietly() {
  RE2::Options options;
  options.set_log_errors(false);
  return options;
}

}  // namespace

struct PatternSet::Compiled {
  RE2::Set all{quietly(), RE2::UNANCHORED};
  std::vector<std::unique_ptr<RE2>> each;  // where the set wants too much memory
};

Result<PatternSet> PatternSet::make(std::vector<std::string> patterns) {
  PatternSet set;
  const auto compiled = std::make_shared<Compiled>();
  for (const std::string& pattern : patterns) {
    compiled->each.push_back(std::make_unique<RE2>(pattern, quietly()));
    std::string why = compiled->each.back()->error();
    if (compiled->each.back()->ok() && compiled->all.Add(pattern, &why) >= 0) continue;
    return tl::unexpected(Failure{FailureKind::BadInput, "pattern \"" + pattern + "\": expected RE2 syntax: " + why});
  }
  if (!patterns.empty() && !compiled->all.Compile()) {
    return tl::unexpected(Failure{FailureKind::BadInput, "the patterns together are too large"});
  }
  set.patterns_ = std::move(patterns);
  set.compiled_ = compiled;
  return set;
}

std::optional<std::size_t> PatternSet::firstIn(std::string_view line) const {
  if (patterns_.empty()) return std::nullopt;
  std::vector<int> found;
  RE2::Set::ErrorInfo error{};
  const re2::StringPiece text(line.data(), line.size());
  if (compiled_->all.Match(text, &found, &error)) {
    return static_cast<std::size_t>(*std::min_element(found.begin(), found.end()));
  }
  if (error.kind == RE2::Set::kNoError) return std::nullopt;
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    if (RE2::PartialMatch(text, *compiled_->each[i])) return i;
  }
  return std::nullopt;
}

}  // namespace relapse::console
