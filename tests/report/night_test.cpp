// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/night.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "json_schema.hpp"
#include "samples.hpp"

namespace relapse::report {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(NightJson, KeepsToItsSchema) {
  std::ifstream file(RELAPSE_SOURCE_DIR "/docs/night.schema.json");
  const json schema = json::parse(file);
  for (const auto& night : {sampleNight(), hostileNight(), NightReport{}})
    checkAgainst(schema, json::parse(nightJson(night)), "night");
  EXPECT_EQ(schema["properties"]["version"]["enum"], json::array({kNightVersion}));
  EXPECT_EQ(schema["properties"]["cells"]["items"]["properties"]["flag"]["enum"].size(), std::size(kFlags));
}

TEST(NightJson, ReadBackIsTheSame) {
  for (const auto& night : {sampleNight(), NightReport{}}) {
    const std::string text = nightJson(night);
    const auto back = readNight(text);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(nightJson(*back), text);
  }
}

std::string errorOf(const json& night) {
  const auto back = readNight(night.dump());
  return back ? "none" : back.error().message;
}

TEST(NightJson, SaysWhereWhatIsWrong) {
  const json good = json::parse(nightJson(sampleNight()));
  EXPECT_EQ(errorOf(good), "none");
  json other = good;
  other["version"] = 2;
  EXPECT_EQ(errorOf(other), "version: expected 1, found 2");
  other = good;
  other["cells"][1]["rate"]["to_event_ms"][2] = "soon";
  EXPECT_EQ(errorOf(other), "cells[1].rate.to_event_ms[2]: expected milliseconds, a whole number");
  other = good;
  other["cells"][0].erase("flag");
  EXPECT_EQ(errorOf(other), "cells[0].flag: expected something, found nothing");
  other = good;
  other["cells"][0]["rate"]["hits"] = 1e12;
  EXPECT_THAT(errorOf(other), HasSubstr("cells[0].rate.hits: expected a whole number"));
  EXPECT_EQ(errorOf(json::array()), "night: expected an object");
  EXPECT_EQ(readNight("{").error().message, "not JSON");
}

}  // namespace
}  // namespace relapse::report
