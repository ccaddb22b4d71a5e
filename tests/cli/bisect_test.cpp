// SPDX-License-Identifier: GPL-2.0-or-later
// build/relapse bisect, as a user runs it, as far as no guest is booted.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "campaign/bisect_log.hpp"
#include "process/process.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kScenario = RELAPSE_SOURCE_DIR "/scenarios/nfs-wb-page-soft-lockup.yaml";

struct Ran {
  int status = -1;
  std::string output;
  std::string errors;
};

class BisectCommand : public testing::Test {
 protected:
  BisectCommand() {
    std::string pattern = (fs::temp_directory_path() / "relapse-bisect-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    write("series/0001-a.patch", "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n");
    write("series/0002-b.patch", "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-b\n+c\n");
  }
  ~BisectCommand() override {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  Ran bisect(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {RELAPSE_BINARY_DIR "/relapse", "bisect"});
    arguments.insert(arguments.end(), {"--state-dir", (root_ / "home").string()});
    const auto ran = process::run({.argv = arguments, .directory = root_});
    if (!ran) return {-1, "", ran.error().message};
    const auto* exited = std::get_if<process::Exited>(&ran->end);
    return {exited != nullptr ? exited->status : -1, ran->standardOutput, ran->standardError};
  }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << text;
  }

  // Between two patches, of which the second brought it; `ended`: it was found.
  static std::string logText(bool ended) {
    campaign::BisectBegun begun;
    begun.id = "20261128T120000Z-s";
    begun.startedAt = "2026-11-28T12:00:00Z";
    begun.scenario = "s";
    begun.plan.source = "tiny";
    begun.plan.ends = {"tiny", "tiny + 2 patches"};
    begun.plan.candidates.resize(2);
    begun.plan.candidates[0].name = "0001-a";
    begun.plan.candidates[1].name = "0002-b";
    std::vector<campaign::BisectEvent> events{begun};
    int number = 0;
    for (const auto& [kernel, saw] : {std::pair("2", bisect::Saw::Bad), std::pair("0", bisect::Saw::Good),
                                      std::pair("1", bisect::Saw::Good), std::pair("0+2", bisect::Saw::Bad)}) {
      events.emplace_back(campaign::KernelBuilt{kernel, milliseconds(9), "tiny", kernel, "6.1", false});
      for (int i = 0; i < 4; ++i) {
        events.emplace_back(campaign::TryStarted{++number, kernel, false});
        campaign::TryEnded end{number, kernel, false, saw, "", "", milliseconds(5000), ""};
        if (saw == bisect::Saw::Bad) end.signature = "soft-lockup f";
        events.emplace_back(end);
      }
    }
    if (ended) events.emplace_back(campaign::BisectEnded{"found", "2026-11-28T13:00:00Z", milliseconds(1)});
    std::string text;
    for (const auto& event : events) text += campaign::lineOf(event) + "\n";
    return text;
  }
  std::string keep(const std::string& id, bool ended) const {
    write("home/state/bisects/" + id + "/bisect.log", logText(ended));
    return id;
  }

  fs::path root_;
};

TEST_F(BisectCommand, RefusesWhatItCannotBisectAndLeavesNothingBehind) {
  struct Row {
    std::vector<std::string> arguments;
    const char* words;
  };
  write("empty/readme", "nothing\n");
  write("a.config", "CONFIG_A=y\n");
  const Row rows[] = {
      {{}, "expected a scenario"},
      {{"--series", "series"}, "expected a scenario"},
      {{"no-such-scenario", "--series", "series"}, "no-such-scenario"},
      {{kScenario}, "--series, --git or --config"},
      {{kScenario, "--series", "series", "--git", "."}, "--git"},
      {{kScenario, "--git", ".", "--config", "a.config", "a.config"}, "--config"},
      {{kScenario, "--config", "a.config"}, "--config"},
      {{kScenario, "--git", "."}, "--good REF"},
      {{kScenario, "--git", ".", "--good", "a"}, "--bad REF"},
      {{kScenario, "--git", ".", "--good", "a", "--bad", "b"}, "git"},
      {{kScenario, "--series", "empty"}, "empty"},
      {{kScenario, "--series", "nowhere"}, "nowhere"},
      {{kScenario, "--series", "series", "--good", "9"}, "0002-b"},
      {{kScenario, "--series", "series", "--good", "2", "--bad", "1"}, "2 not before 1"},
      {{kScenario, "--series", "series", "--first-parent"}, "--first-parent"},
      {{kScenario, "--config", "a.config", "a.config", "--good", "x"}, "--good"},
      {{kScenario, "--config", "a.config", "a.config"}, "a.config"},
      {{kScenario, "--series", "series", "--confidence", "lots"}, "found \"lots\""},
      {{kScenario, "--series", "series", "--confidence", "50%"}, "found \"50%\""},
      {{kScenario, "--series", "series", "--confidence", "100%"}, "found \"100%\""},
      {{kScenario, "--series", "series", "--subset", "--fixed-by"}, "--fixed-by"},
      {{kScenario, "--git", ".", "--good", "a", "--bad", "b", "--subset"}, "--subset"},
      {{"--resume"}, "no bisect that is not over"},
      {{"--resume", "nowhere"}, "found \"nowhere\""},
      {{"status"}, "there is no bisect yet"},
      {{"status", "nowhere"}, "found \"nowhere\""},
      {{"--resume", "--series", "series"}, "--resume"},
      {{"--replay", "series/0001-a.patch"}, "0001-a.patch:1: expected an event"},
      {{"--replay", "nowhere.log"}, "nowhere.log"},
      {{"--replay", "series"}, "series"},
      {{"--replay", "x", "--resume"}, "--re"},
  };
  for (const auto& [arguments, words] : rows) {
    const auto ran = bisect(arguments);
    EXPECT_EQ(ran.status, 64) << testing::PrintToString(arguments) << ran.errors;
    EXPECT_THAT(ran.errors, HasSubstr(words)) << testing::PrintToString(arguments);
    EXPECT_THAT(ran.output, IsEmpty()) << testing::PrintToString(arguments);
  }
  std::error_code ignored;
  EXPECT_TRUE(fs::is_empty(root_ / "home/state/bisects", ignored)) << "folders of bisects that never began";
}

TEST_F(BisectCommand, ReplaysALogToItsEnd) {
  write("a.log", logText(true));
  const auto ran = bisect({"--replay", "a.log"});
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_THAT(ran.output, AllOf(HasSubstr("run 1: tiny + 2 patches: bad in 5.0 s, soft-lockup f"),
                                HasSubstr("0002-b is the patch that brought the bug")));
  write("half.log", logText(false) + "{\"event\":\"tri");
  const auto half = bisect({"--replay", "half.log", "--json"});
  EXPECT_EQ(half.status, 125);
  const auto json = nlohmann::json::parse(half.output);
  EXPECT_EQ(json.at("scenario"), "s");
}

TEST_F(BisectCommand, TellsWhereTheLatestOrAnotherIs) {
  keep("20261128T120000Z-s", true);
  keep("20261128T130000Z-s", false);
  const auto latest = bisect({"status"});
  EXPECT_EQ(latest.status, 0) << latest.errors;
  EXPECT_THAT(latest.output, HasSubstr("nobody works at it; to go on: relapse bisect --resume 20261128T130000Z-s"));
  const auto other = bisect({"status", "20261128T120000Z-s"});
  EXPECT_EQ(other.status, 0);
  EXPECT_THAT(other.output, HasSubstr("0002-b is the patch"));
}

TEST_F(BisectCommand, GoesOnWithNoneThatIsOverUnlessItIsNamed) {
  keep("20261128T120000Z-s", true);
  EXPECT_EQ(bisect({"--resume"}).status, 64);
  const auto named = bisect({"--resume", "20261128T120000Z-s"});
  EXPECT_EQ(named.status, 0) << named.errors;
  EXPECT_THAT(named.output, HasSubstr("0002-b is the patch"));
}

TEST_F(BisectCommand, ABrokenLogPointsAtItsLine) {
  write("home/state/bisects/a/bisect.log", logText(false) + "lots\n");
  const auto ran = bisect({"--resume", "a"});
  EXPECT_EQ(ran.status, 64);
  EXPECT_THAT(ran.errors, HasSubstr("bisect.log:38: expected an event"));
}

}  // namespace
}  // namespace relapse::cli
