// SPDX-License-Identifier: GPL-2.0-or-later
#include "scenario/resolved.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>

#include "scenario/scenario.hpp"

namespace relapse::scenario {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class ResolvedTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "resolved-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path file(const std::string& text) const {
    std::ofstream(folder_ / "s.yaml", std::ios::binary) << text;
    return folder_ / "s.yaml";
  }
  fs::path folder_;
};

TEST_F(ResolvedTest, HasTheOverridesAndLeavesOutWhatPointsElsewhere) {
  const auto text = resolvedText(file("kernel: {source: [a], series: far/away}\n"
                                      "matrix: {nfs.mount.version: [\"3\", \"4.1\"]}\n"
                                      "nodes: {server: {kernel: {source: [b], series: off}}}\nrepeat: {runs: 9}\n"),
                                 {"kernel.source=[c]", "nfs.mount.version=3"});
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text, HasSubstr("source:\n    - c\n"));
  EXPECT_THAT(*text, HasSubstr("version: 3"));
  for (const char* gone : {"series", "matrix", "repeat", "- a"}) EXPECT_THAT(*text, Not(HasSubstr(gone)));
}

TEST_F(ResolvedTest, EveryShippedScenarioLoadsFromAnotherFolder) {
  int scenarios = 0;
  for (const auto& entry : fs::directory_iterator(RELAPSE_SOURCE_DIR "/scenarios")) {
    if (entry.path().extension() != ".yaml") continue;
    ++scenarios;
    const auto first = load(entry.path());
    ASSERT_TRUE(first) << first.error().message;
    const auto text = resolvedText(entry.path(), first->cell);
    ASSERT_TRUE(text) << text.error().message;
    const auto again = load(file(*text));
    ASSERT_TRUE(again) << again.error().message << *text;
    EXPECT_EQ(again->name, first->name);
    EXPECT_EQ(again->steps.size(), first->steps.size());
    EXPECT_EQ(again->nodes.size(), first->nodes.size());
  }
  EXPECT_GT(scenarios, 4);
}

TEST_F(ResolvedTest, AFileThatIsGoneOrAnOverrideThatDoesNotFitIsSaid) {
  EXPECT_THAT(resolvedText(folder_ / "none.yaml", {}).error().message, HasSubstr("none.yaml"));
  EXPECT_THAT(resolvedText(file("name: x\n"), {"name.deeper=1"}).error().message, HasSubstr("--set name.deeper"));
}

TEST(OverriddenText, PutsMoreOntoAText) {
  const auto text = overriddenText("a: {b: 1}\n", {"a.c=[x y]"});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "a:\n  b: 1\n  c:\n    - \"x y\"\n");
}

}  // namespace
}  // namespace relapse::scenario
