// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "campaign/workspace.hpp"
#include "document/load.hpp"

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

class WorkspaceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "relapse-campaign-XXXXXX").string();
    root = mkdtemp(pattern.data());
    put("home/series/bug/6.1/0001-a.patch", "a patch");
    put("home/bug.yaml", "name: bug\nkernel: {series: series/bug}\n");
    document::Errors errors;
    scenario = document::load(root / "home/bug.yaml", errors).value();
  }
  void TearDown() override { fs::remove_all(root); }

  void put(const std::string& name, const std::string& content) {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name) << content;
  }
  static std::string contentOf(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  fs::path root;
  document::Value scenario;
};

TEST_F(WorkspaceTest, BringsTheSeriesSoThatTheScenariosTextLoadsThere) {
  const auto workspace = Workspace::begin(root / "state", root / "home/bug.yaml", scenario);
  ASSERT_TRUE(workspace);
  EXPECT_EQ(workspace->folder().parent_path(), root / "state/campaigns");
  EXPECT_EQ(contentOf(workspace->folder() / "series/bug/6.1/0001-a.patch"), "a patch");
}

TEST_F(WorkspaceTest, TwoOfTheSameSecondAreTwo) {
  const auto one = Workspace::begin(root / "state", root / "home/bug.yaml", scenario);
  const auto other = Workspace::begin(root / "state", root / "home/bug.yaml", scenario);
  ASSERT_TRUE(one && other);
  EXPECT_NE(one->folder(), other->folder());
}

TEST_F(WorkspaceTest, NotesEachTryAtOnce) {
  auto workspace = Workspace::begin(root / "state", root / "home/bug.yaml", scenario);
  ASSERT_TRUE(workspace && workspace->note("{1}") && workspace->note("{2}"));
  EXPECT_EQ(contentOf(workspace->folder() / "tries.jsonl"), "{1}\n{2}\n");
}

TEST_F(WorkspaceTest, AStateFolderThatCannotBeMadeIsAFailure) {
  put("file", "");
  const auto workspace = Workspace::begin(root / "file", root / "home/bug.yaml", scenario);
  ASSERT_FALSE(workspace);
  EXPECT_EQ(workspace.error().kind, FailureKind::Exhausted);
}

TEST_F(WorkspaceTest, AWrittenScenarioHasItsSeriesBesideIt) {
  fs::create_directories(root / "out");
  ASSERT_TRUE(writeScenario(root / "out/best.yaml", scenario, "text", root / "home"));
  EXPECT_EQ(contentOf(root / "out/best.yaml"), "text");
  EXPECT_EQ(contentOf(root / "out/series/bug/6.1/0001-a.patch"), "a patch");
}

TEST_F(WorkspaceTest, ASeriesThatIsThereAlreadyIsTaken) {
  ASSERT_TRUE(writeScenario(root / "home/best.yaml", scenario, "text", root / "home"));
  put("out/series/bug/6.1/0001-a.patch", "a patch");
  EXPECT_TRUE(writeScenario(root / "out/best.yaml", scenario, "text", root / "home"));
}

TEST_F(WorkspaceTest, AnotherSeriesOfThatNameIsRefused) {
  put("out/series/bug/6.1/0001-a.patch", "another patch");
  const auto done = writeScenario(root / "out/best.yaml", scenario, "text", root / "home");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, FailureKind::BadInput);
  EXPECT_THAT(done.error().message, HasSubstr("found another"));
  EXPECT_FALSE(fs::exists(root / "out/best.yaml"));
}

TEST_F(WorkspaceTest, NoFileIsReplaced) {
  put("home/best.yaml", "mine");
  EXPECT_FALSE(writeScenario(root / "home/best.yaml", scenario, "text", root / "home"));
  EXPECT_EQ(contentOf(root / "home/best.yaml"), "mine");
}

TEST_F(WorkspaceTest, AFilesTextHasItsHeadAndANameOfItsOwn) {
  const auto text = fileText(scenario, "-best", {"one", "", "two"});
  EXPECT_THAT(text, StartsWith("# one\n#\n# two\nname: bug-best\n"));
}

TEST_F(WorkspaceTest, ALongNameStaysAName) {
  document::Errors errors;
  const auto named = document::parse("name: " + std::string(58, 'a') + "-bcdef\n", "", errors).value();
  EXPECT_EQ(fileText(named, "-best", {}), "name: " + std::string(58, 'a') + "-best\n");
}

}  // namespace
}  // namespace relapse::campaign
