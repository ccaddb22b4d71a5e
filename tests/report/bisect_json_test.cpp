// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "json_schema.hpp"
#include "report/bisect.hpp"
#include "samples.hpp"

namespace relapse::report {
namespace {

using nlohmann::json;

json schema() {
  std::ifstream file(RELAPSE_SOURCE_DIR "/docs/bisect.schema.json");
  return json::parse(file);
}

TEST(BisectJson, KeepsToItsSchema) {
  BisectReport nothing{.space = "config", .ending = "failed"};
  for (const auto& bisect : {sampleBisect(), hostileBisect(), bigBisect(40), nothing})
    checkAgainst(schema(), json::parse(bisectJson(bisect)), "bisect");
  EXPECT_EQ(schema()["properties"]["version"]["enum"], json::array({kBisectVersion}));
}

TEST(BisectJson, HasTheWordsOfItsSchema) {
  const json properties = schema()["properties"];
  const json words = properties["candidates"]["items"]["properties"]["runs"]["items"]["properties"]["outcome"]["enum"];
  EXPECT_EQ(words, json(kBisectOutcomes));
  EXPECT_EQ(properties["ending"]["enum"], json(kBisectEndings));
  EXPECT_EQ(properties["space"]["enum"], json(kBisectSpaces));
  EXPECT_EQ(properties["checks"]["items"]["properties"]["expected"]["enum"], json(kBisectExpected));
}

TEST(BisectJson, ReadBackIsTheSame) {
  BisectReport fixedBy = sampleBisect();
  fixedBy.fixedBy = true;
  fixedBy.subset.reset();
  for (const auto& bisect : {sampleBisect(), fixedBy, bigBisect(300)}) {
    const auto back = readBisect(bisectJson(bisect));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, bisect);
  }
}

TEST(BisectJson, OfBytesThatAreNoTextIsReadBack) {
  const auto back = readBisect(bisectJson(hostileBisect()));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(bisectJson(*back), bisectJson(hostileBisect()));
}

std::string errorOf(const json& bisect) {
  const auto back = readBisect(bisect.dump());
  return back ? "none" : back.error().message;
}

TEST(BisectJson, SaysWhereWhatIsWrong) {
  const json good = json::parse(bisectJson(sampleBisect()));
  ASSERT_EQ(errorOf(good), "none");
  const std::tuple<const char*, json, const char*> kCases[] = {
      {"/version", 2, "version: expected 1, found 2"},
      {"/candidates/2/posterior", "much", "candidates[2].posterior: expected a number"},
      {"/candidates/2/posterior", 1.5, "candidates[2].posterior: expected 0 to 1"},
      {"/candidates/4/runs/1/outcome", "fine",
       "candidates[4].runs[1].outcome: expected one of bad, good, other, inconclusive"},
      {"/candidates/4/count/bad", -1, "candidates[4].count.bad: expected 0 to 1000000000"},
      {"/candidates/4/count/bad", 1e12, "candidates[4].count.bad: expected a whole number"},
      {"/ending", "won", "ending: expected one of found, good-end-bad, bad-end-good, not-decided, under-way, interrupted, failed"},
      {"/ending", "", "ending: expected one of found, good-end-bad, bad-end-good, not-decided, under-way, interrupted, failed"},
      {"/space", json::array(), "space: expected a string"},
      {"/subset", 7, "subset: expected an object"},
      {"/subset/names/1", nullptr, "subset.names[1]: expected a string"},
      {"/checks/0", json::array(), "checks[0]: expected an object"},
      {"/culprits", "none", "culprits: expected a list"},
      {"/good", nullptr, "good: expected an object"},
  };
  for (const auto& [place, value, error] : kCases) {
    json other = good;
    other[json::json_pointer(place)] = value;
    EXPECT_EQ(errorOf(other), error) << place;
  }
  EXPECT_EQ(errorOf(json::array()), "bisect: expected an object");
  EXPECT_EQ(readBisect("{").error().message, "not JSON");
  EXPECT_EQ(readBisect("").error().message, "not JSON");
}

TEST(BisectJson, WithoutAnyOneOfItsKeysIsNone) {
  const json good = json::parse(bisectJson(sampleBisect()));
  for (const auto& [key, value] : good.items()) {
    json other = good;
    other.erase(key);
    if (key != "subset") {
      EXPECT_EQ(errorOf(other), key + ": expected something, found nothing");
    }
    for (const json& wrong : {json("x"), json(-7), json(true), json(nullptr), json::array({1}), json::object()}) {
      other[key] = wrong;
      if (wrong.type() != value.type() && !(wrong.is_number() && value.is_number())) {
        EXPECT_NE(errorOf(other), "none") << key << " " << wrong;
      }
    }
  }
}

}  // namespace
}  // namespace relapse::report
