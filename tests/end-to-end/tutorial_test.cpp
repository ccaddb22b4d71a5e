// SPDX-License-Identifier: GPL-2.0-or-later
// The scenarios of docs/tutorial.md do what it says.
#include <gmock/gmock.h>

#include <filesystem>

#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const fs::path kTutorial = fs::path(RELAPSE_SOURCE_DIR) / "docs/tutorial";

std::string signatureOf(const Ran& ran) {
  if (!ran.result.is_object()) return ran.output + ran.errors;
  return ran.result["verdict"]["word"].get<std::string>() + ": " + ran.result["verdict"].value("signature", "");
}

TEST(Tutorial, ATaskOfTheCrashTestHangsWithoutNfs) {
  const StateFolder state;
  const Ran ran = relapse(state, {"run", (kTutorial / "hung-task.yaml").string()});
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_EQ(signatureOf(ran), "reproduced: hung task in lkdtm_HUNG_TASK");
  EXPECT_THAT(contentOf(state.onlyRun() / "timeline.jsonl"), Not(HasSubstr("\"mounted\"")));
}

TEST(Tutorial, AWriteToAFullExt4NeverEnds) {
  const StateFolder state;
  const Ran ran = relapse(state, {"run", (kTutorial / "ext4-full.yaml").string()});
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_EQ(signatureOf(ran), "reproduced: soft lockup in ext4_wait_for_room");
}

TEST(BisectTutorial, NamesTheThirdPatch) {
  const StateFolder state;
  const Ran ran = relapse(state, {"bisect", (kTutorial / "ext4-full.yaml").string(), "--series",
                                  (kTutorial / "series/ext4-full/6.1").string(), "--kernel", "debian-6.1"});
  ASSERT_TRUE(ran.result.is_object()) << ran.output << ran.errors;
  EXPECT_EQ(ran.status, 0) << ran.errors;
  for (const json& candidate : ran.result["candidates"])
    EXPECT_EQ(candidate["chosen"], candidate["name"] == "0003-ext4-a-write-waits-for-room") << candidate["name"];
  for (const json& check : ran.result["checks"]) EXPECT_TRUE(check["held"].get<bool>()) << check.dump(2);
}

}  // namespace
}  // namespace relapse::e2e
