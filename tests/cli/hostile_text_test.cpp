// SPDX-License-Identifier: GPL-2.0-or-later
// What others wrote, as it comes to a user's terminal.
#include <gmock/gmock.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "cli/commands.hpp"
#include "cli/plain_lines.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(PlainLines, KeepLineEndsAndNoOtherControlCharacter) {
  EXPECT_EQ(plainLines("a\x1b[31mb\nc\rd\x7f\n\ne\u009b2J\n"), "a [31mb\nc d \n\ne 2J\n");
  EXPECT_EQ(plainLines("caf\u00e9\n"), "caf\u00e9\n");
  EXPECT_EQ(plainLines(""), "");
  EXPECT_EQ(plainLines("no end"), "no end");
}

// A scenario as it comes by mail, with a series in its folder.
class MailedScenario : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "mailedXXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    write("a.yaml",
          "name: a\nsummary: s\nkernel: {source: [x], config: [base], series: s}\nsteps: [{wait: 1s}]\n"
          "expect: {survived: true}\n");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& content) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  void patch(const std::string& file) const {
    write("s/6.1/series", "a.patch\n");
    write("s/6.1/a.patch", "--- a/" + file + "\n+++ b/" + file + "\n@@ -1 +1 @@\n-1\n+2\n");
  }
  // Its exit status, and all that it prints.
  std::pair<int, std::string> validated() const {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = validateCommand({(folder_ / "a.yaml").string()}, {});
    return {status, testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr()};
  }

  fs::path folder_;
};

TEST_F(MailedScenario, IsShownWithWhatItsPatchesRunAtABuild) {
  patch("scripts/setlocalversion");
  const auto [status, text] = validated();
  EXPECT_EQ(status, 0);
  EXPECT_THAT(text, AllOf(HasSubstr(": valid\n"), HasSubstr("what a build runs on this host"),
                          HasSubstr("    scripts/setlocalversion\n")));
}

TEST_F(MailedScenario, OfAKernelsOwnCodeSaysNoMore) {
  patch("fs/nfs/write.c");
  const auto [status, text] = validated();
  EXPECT_EQ(status, 0);
  EXPECT_EQ(text, (folder_ / "a.yaml").string() + ": valid\n");
}

TEST_F(MailedScenario, WhoseSeriesLeadsElsewhereIsRefusedAndTellsNothingOfIt) {
  write("s/6.1/series", "a.patch\n");
  fs::create_symlink("/etc/passwd", folder_ / "s/6.1/a.patch");
  const auto [status, text] = validated();
  EXPECT_EQ(status, 64);
  EXPECT_THAT(text, AllOf(HasSubstr("leads out of the folder of series"), Not(HasSubstr("root:"))));
}

TEST_F(MailedScenario, WithAPipeForAPatchIsRefusedAtOnce) {
  write("s/6.1/series", "a.patch\n");
  ASSERT_EQ(mkfifo((folder_ / "s/6.1/a.patch").c_str(), 0600), 0);
  EXPECT_EQ(validated().first, 64);
}

TEST_F(MailedScenario, WithControlCharactersInAPatchsNameDoesNotReachTheTerminal) {
  write("s/6.1/series", "\x1b[2Ja.patch\n");
  const auto [status, text] = validated();
  EXPECT_EQ(status, 64);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace relapse::cli
