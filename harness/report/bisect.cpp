// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/bisect.hpp"

#include "report/json_fields.hpp"

namespace relapse::report {
namespace {

constexpr int kMost = 1'000'000'000;

Json countJson(const BisectCount& count) {
  return {{"bad", count.bad}, {"good", count.good}, {"other", count.other}, {"inconclusive", count.inconclusive}};
}

Json runJson(const BisectRun& run) {
  return {{"outcome", run.outcome},
          {"signature", run.signature},
          {"reason", run.reason},
          {"directory", run.directory},
          {"took_ms", run.took.count()}};
}

template <class T>
Json listJson(const std::vector<T>& all, Json (*one)(const T&)) {
  Json out = Json::array();
  for (const auto& each : all) out.push_back(one(each));
  return out;
}

Json candidateJson(const BisectCandidate& candidate) {
  return {
      {"name", candidate.name},           {"subject", candidate.subject}, {"author", candidate.author},
      {"posterior", candidate.posterior}, {"chosen", candidate.chosen},   {"count", countJson(candidate.count)},
      {"same_as", candidate.sameAs},      {"skipped", candidate.skipped}, {"runs", listJson(candidate.runs, runJson)}};
}

Json endJson(const BisectEnd& end) {
  return {{"name", end.name}, {"count", countJson(end.count)}, {"runs", listJson(end.runs, runJson)}};
}

Json otherJson(const BisectOther& other) {
  return {{"signature", other.signature}, {"first", other.first}, {"runs", other.runs}};
}

Json checkJson(const BisectCheck& check) {
  return {{"what", check.what},
          {"expected", check.expected},
          {"made", check.made},
          {"held", check.held},
          {"words", check.words},
          {"count", countJson(check.count)},
          {"runs", listJson(check.runs, runJson)}};
}

Json subsetJson(const BisectSubset& subset) {
  return {
      {"names", subset.names}, {"necessary", subset.necessary}, {"minimal", subset.minimal}, {"words", subset.words}};
}

Json culpritJson(const BisectCulprit& culprit) {
  return {{"commit", culprit.commit},
          {"message_id", culprit.messageId},
          {"subject", culprit.subject},
          {"author", culprit.author}};
}

}  // namespace

// Found by their argument, from JsonFields: so not in the namespace without a name.
static void readFields(JsonFields& in, BisectCount& count) {
  in.readBetween("bad", 0, kMost, count.bad);
  in.readBetween("good", 0, kMost, count.good);
  in.readBetween("other", 0, kMost, count.other);
  in.readBetween("inconclusive", 0, kMost, count.inconclusive);
}
static void readFields(JsonFields& in, BisectRun& run) {
  in.readOneOf("outcome", kBisectOutcomes, run.outcome);
  in.read("signature", run.signature);
  in.read("reason", run.reason);
  in.read("directory", run.directory);
  in.read("took_ms", run.took);
}
static void readFields(JsonFields& in, BisectCandidate& candidate) {
  in.read("name", candidate.name);
  in.read("subject", candidate.subject);
  in.read("author", candidate.author);
  in.readBetween("posterior", 0.0, 1.0, candidate.posterior);
  in.read("chosen", candidate.chosen);
  in.read("count", candidate.count);
  in.read("same_as", candidate.sameAs);
  in.read("skipped", candidate.skipped);
  in.read("runs", candidate.runs);
}
static void readFields(JsonFields& in, BisectEnd& end) {
  in.read("name", end.name);
  in.read("count", end.count);
  in.read("runs", end.runs);
}
static void readFields(JsonFields& in, BisectOther& other) {
  in.read("signature", other.signature);
  in.read("first", other.first);
  in.readBetween("runs", 0, kMost, other.runs);
}
static void readFields(JsonFields& in, BisectCheck& check) {
  in.read("what", check.what);
  in.readOneOf("expected", kBisectExpected, check.expected);
  in.read("made", check.made);
  in.read("held", check.held);
  in.read("words", check.words);
  in.read("count", check.count);
  in.read("runs", check.runs);
}
static void readFields(JsonFields& in, BisectSubset& subset) {
  in.read("names", subset.names);
  in.read("necessary", subset.necessary);
  in.read("minimal", subset.minimal);
  in.read("words", subset.words);
}
static void readFields(JsonFields& in, BisectCulprit& culprit) {
  in.read("commit", culprit.commit);
  in.read("message_id", culprit.messageId);
  in.read("subject", culprit.subject);
  in.read("author", culprit.author);
}
static void readFields(JsonFields& in, BisectReport& bisect) {
  in.read("id", bisect.id);
  in.read("relapse", bisect.relapse);
  in.read("scenario", bisect.scenario);
  in.readOneOf("space", kBisectSpaces, bisect.space);
  in.read("source", bisect.source);
  in.read("release", bisect.release);
  in.read("target", bisect.target);
  in.read("fixed_by", bisect.fixedBy);
  in.read("started_at", bisect.startedAt);
  in.read("finished_at", bisect.finishedAt);
  in.read("took_ms", bisect.took);
  in.readBetween("confidence", 0.0, 1.0, bisect.confidence);
  in.readBetween("rate", 0.0, 1.0, bisect.rate);
  in.readBetween("rate_low", 0.0, 1.0, bisect.rateLow);
  in.readBetween("rate_high", 0.0, 1.0, bisect.rateHigh);
  in.read("good", bisect.good);
  in.read("bad", bisect.bad);
  in.read("candidates", bisect.candidates);
  in.readBetween("posterior", 0.0, 1.0, bisect.posterior);
  in.readOneOf("ending", kBisectEndings, bisect.ending);
  in.read("words", bisect.words);
  in.read("cautions", bisect.cautions);
  in.read("others", bisect.others);
  in.read("checks", bisect.checks);
  in.readIfThere("subset", bisect.subset);
  in.read("culprits", bisect.culprits);
  in.read("reproduce", bisect.reproduce);
  in.readBetween("kernels", 0, kMost, bisect.kernels);
  in.readBetween("runs", 0, kMost, bisect.runs);
  in.read("story", bisect.story);
}

std::string bisectJson(const BisectReport& bisect) {
  Json out{{"version", kBisectVersion},
           {"id", bisect.id},
           {"relapse", bisect.relapse},
           {"scenario", bisect.scenario},
           {"space", bisect.space},
           {"source", bisect.source},
           {"release", bisect.release},
           {"target", bisect.target},
           {"fixed_by", bisect.fixedBy},
           {"started_at", bisect.startedAt},
           {"finished_at", bisect.finishedAt},
           {"took_ms", bisect.took.count()},
           {"confidence", bisect.confidence},
           {"rate", bisect.rate},
           {"rate_low", bisect.rateLow},
           {"rate_high", bisect.rateHigh},
           {"good", endJson(bisect.good)},
           {"bad", endJson(bisect.bad)},
           {"candidates", listJson(bisect.candidates, candidateJson)},
           {"posterior", bisect.posterior},
           {"ending", bisect.ending},
           {"words", bisect.words},
           {"cautions", bisect.cautions},
           {"others", listJson(bisect.others, otherJson)},
           {"checks", listJson(bisect.checks, checkJson)},
           {"culprits", listJson(bisect.culprits, culpritJson)},
           {"reproduce", bisect.reproduce},
           {"kernels", bisect.kernels},
           {"runs", bisect.runs},
           {"story", bisect.story}};
  if (bisect.subset) out["subset"] = subsetJson(*bisect.subset);
  return dumped(out, 2) + "\n";
}

Result<BisectReport> readBisect(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return fail(FailureKind::BadInput, "not JSON");
  std::string error;
  JsonFields in(json, "bisect", "", error);
  in.readVersion(kBisectVersion);
  BisectReport bisect;
  readFields(in, bisect);
  if (!error.empty()) return fail(FailureKind::BadInput, error);
  return bisect;
}

}  // namespace relapse::report
