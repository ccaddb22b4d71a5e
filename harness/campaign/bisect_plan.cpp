// SPDX-License-Identifier: GPL-2.0-or-later
#include "campaign/bisect_plan.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kKinds[] = {"series", "git", "config"};

std::string names(const BisectPlan& plan, const std::set<std::size_t>& candidates) {
  std::vector<std::string> all;
  for (const auto number : candidates) all.push_back(plan.candidate(number).name);
  return fmt::format("{}", fmt::join(all, ", "));
}

Json jsonOf(const BisectCandidate& candidate) {
  Json json{{"name", candidate.name},     {"subject", candidate.subject},      {"author", candidate.author},
            {"commit", candidate.commit}, {"message_id", candidate.messageId}, {"objects", candidate.objects}};
  if (!candidate.patch.empty()) json["patch"] = candidate.patch.string();
  if (!candidate.option.name.empty())
    json["option"] = {candidate.option.name, candidate.option.good, candidate.option.bad};
  if (!candidate.parents.empty()) json["parents"] = candidate.parents;
  return json;
}

BisectCandidate candidateOf(const Json& json) {
  BisectCandidate candidate;
  json.at("name").get_to(candidate.name);
  json.at("subject").get_to(candidate.subject);
  json.at("author").get_to(candidate.author);
  json.at("commit").get_to(candidate.commit);
  json.at("message_id").get_to(candidate.messageId);
  json.at("objects").get_to(candidate.objects);
  candidate.patch = json.value("patch", "");
  if (json.contains("option")) {
    const auto& option = json.at("option");
    candidate.option = {option.at(0).get<std::string>(), option.at(1).get<std::string>(),
                        option.at(2).get<std::string>()};
  }
  if (json.contains("parents")) json.at("parents").get_to(candidate.parents);
  return candidate;
}

// The same kernel, of a line, named by another candidate that it ends with.
Mix endingWith(std::size_t upTo, Mix mix) {
  for (std::size_t number = mix.upTo + 1; number <= upTo; ++number)
    if (mix.plus.erase(number) == 0) mix.minus.insert(number);
  for (std::size_t number = mix.upTo; number > upTo; --number)
    if (mix.minus.erase(number) == 0) mix.plus.insert(number);
  mix.upTo = upTo;
  return mix;
}

}  // namespace

std::string_view word(BisectKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

bisect::Space spaceOf(const BisectPlan& plan) {
  if (!plan.graph) return bisect::Space::line(plan.size());
  std::vector<std::vector<std::size_t>> parents;
  for (const auto& candidate : plan.candidates) parents.push_back(candidate.parents);
  return bisect::Space::graph(parents);
}

Mix simplest(const BisectPlan& plan, Mix mix) {
  if (plan.kind == BisectKind::Git) return mix;
  std::erase_if(mix.minus, [&](std::size_t number) { return number > mix.upTo || mix.plus.contains(number); });
  std::erase_if(mix.plus, [&](std::size_t number) { return number <= mix.upTo; });
  // It is said shortest by what it ends with now, before what it lacks, or with what it has more.
  std::set<std::size_t> ends = mix.plus;
  ends.insert(mix.upTo);
  for (const auto number : mix.minus) ends.insert(number - 1);
  Mix best = mix;
  const auto rank = [&](const Mix& one) {
    const bool isEnd = one.upTo == 0 || one.upTo == plan.size();
    return std::tuple(one.plus.size() + one.minus.size(), !isEnd, one.upTo);
  };
  for (const auto upTo : ends)
    if (Mix other = endingWith(upTo, mix); rank(other) < rank(best)) best = std::move(other);
  return best;
}

std::string keyOf(const Mix& mix) {
  std::string key = std::to_string(mix.upTo);
  for (const auto number : mix.minus) key += fmt::format("-{}", number);
  for (const auto number : mix.plus) key += fmt::format("+{}", number);
  return key;
}

std::optional<Mix> mixOf(std::string_view key) {
  Mix mix;
  auto parsed = std::from_chars(key.data(), key.data() + key.size(), mix.upTo);
  const char* const end = key.data() + key.size();
  while (parsed.ec == std::errc{} && parsed.ptr != end) {
    auto& set = *parsed.ptr == '-' ? mix.minus : mix.plus;
    if (*parsed.ptr != '-' && *parsed.ptr != '+') return std::nullopt;
    std::size_t number = 0;
    parsed = std::from_chars(parsed.ptr + 1, end, number);
    set.insert(number);
  }
  return parsed.ec == std::errc{} ? std::optional(mix) : std::nullopt;
}

std::string inWords(const BisectPlan& plan, const Mix& mix) {
  std::string text;
  if (mix.upTo == 0)
    text = plan.ends.front();
  else if (mix.upTo == plan.size())
    text = plan.ends.back();
  else
    text = "up to " + plan.candidate(mix.upTo).name;
  if (!mix.minus.empty()) text += " without " + names(plan, mix.minus);
  if (!mix.plus.empty()) text += " with " + names(plan, mix.plus);
  return text;
}

Json jsonOf(const BisectPlan& plan) {
  Json json{{"kind", word(plan.kind)},
            {"source", plan.source},
            {"repository", plan.repository.string()},
            {"good_commit", plan.goodCommit},
            {"graph", plan.graph},
            {"good_fragment", plan.goodFragment.string()},
            {"ends", plan.ends},
            {"base", Json::array()},
            {"candidates", Json::array()}};
  for (const auto& patch : plan.base) json["base"].push_back(patch.string());
  for (const auto& candidate : plan.candidates) json["candidates"].push_back(jsonOf(candidate));
  return json;
}

Result<BisectPlan> planOf(const Json& json) {
  try {
    BisectPlan plan;
    const auto kind = std::ranges::find(kKinds, json.at("kind").get<std::string>());
    plan.kind = static_cast<BisectKind>(kind - std::begin(kKinds));
    json.at("source").get_to(plan.source);
    plan.repository = json.at("repository").get<std::string>();
    json.at("good_commit").get_to(plan.goodCommit);
    json.at("graph").get_to(plan.graph);
    plan.goodFragment = json.at("good_fragment").get<std::string>();
    json.at("ends").get_to(plan.ends);
    for (const auto& patch : json.at("base").get<std::vector<std::string>>()) plan.base.emplace_back(patch);
    for (const auto& candidate : json.at("candidates").get<std::vector<Json>>())
      plan.candidates.push_back(candidateOf(candidate));
    bool whole = kind != std::end(kKinds) && plan.ends.size() == 2 && !plan.candidates.empty();
    for (std::size_t i = 0; i < plan.size(); ++i)  // a graph's parents come before their children
      for (const auto parent : plan.candidates[i].parents) whole = whole && parent >= 1 && parent <= i;
    if (whole) return plan;
    return fail(FailureKind::BadInput, "expected what a bisect is about, found something else");
  } catch (const Json::exception& error) {
    return fail(FailureKind::BadInput, fmt::format("expected what a bisect is about, found {}", error.what()));
  }
}

}  // namespace relapse::campaign
