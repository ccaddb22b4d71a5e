// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/similar_runs.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "samples.hpp"

namespace relapse::report {
namespace {

namespace fs = std::filesystem;

Json resultWith(const char* word, const char* expected = "reproduced") {
  Json result = sampleRun().result;
  result["verdict"] = {{"word", word}, {"expected", expected}};
  return result;
}

TEST(Alike, AreRunsOfOneScenarioWithTheSameSettingsOnTheSameKernel) {
  const Json one = sampleRun().result;
  EXPECT_TRUE(alike(one, one));
  for (const char* key : {"/scenario/name", "/scenario/overrides/0", "/scenario/cell/0", "/kernel/key"}) {
    Json other = one;
    other[Json::json_pointer(key)] = "another";
    EXPECT_FALSE(alike(one, other)) << key;
  }
  EXPECT_FALSE(alike(Json::object(), Json::object())) << "no kernel is no kernel in common";
}

TEST(RateOf, CountsRunsWithoutTheEventAsLongAsTheyWereWatchedAndNoInconclusiveOnes) {
  const Json results[] = {sampleRun().result, resultWith("survived"), resultWith("other-failure"),
                          resultWith("inconclusive")};
  const Rate rate = rateOf(results);
  EXPECT_EQ(rate.hits, 1);
  EXPECT_EQ(rate.runs, 3);
  EXPECT_EQ(rate.inconclusive, 1);
  EXPECT_THAT(rate.toEvent, testing::ElementsAre(std::chrono::milliseconds(4874)));
  EXPECT_THAT(rate.without, testing::Each(std::chrono::milliseconds(918 + 762 + 71 + 3205)));
  EXPECT_LT(rate.low, 0.01);
  EXPECT_GT(rate.high, 0.9);
}

TEST(RateOf, CountsAnyFailureWhereSurvivalIsExpected) {
  const Json results[] = {resultWith("survived", "survived"), resultWith("other-failure", "survived")};
  EXPECT_EQ(rateOf(results).hits, 1);
}

TEST(RateBeside, IsOfTheWholeRunsInTheSameFolder) {
  const fs::path folder = fs::temp_directory_path() / ("relapse-similar-" + std::to_string(getpid()));
  const auto put = [&](const std::string& name, const Json& result) {
    fs::create_directories(folder / name);
    std::ofstream(folder / name / "result.json") << result.dump();
  };
  put("a", sampleRun().result);
  EXPECT_FALSE(rateBeside(folder / "a")) << "one run is no rate";
  put("b", resultWith("survived"));
  put("c.incomplete", resultWith("survived"));
  put("d", Json(7));
  fs::create_directory_symlink("b", folder / "latest");
  const auto rate = rateBeside(folder / "latest");
  fs::remove_all(folder);
  ASSERT_TRUE(rate);
  EXPECT_EQ(rate->runs, 2);
  EXPECT_EQ(rate->hits, 1);
}

}  // namespace
}  // namespace relapse::report
