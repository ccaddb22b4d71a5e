// SPDX-License-Identifier: GPL-2.0-or-later
#include "version/version.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace relapse::version {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;

TEST(Version, IsOneLineWithNumberCommitBuildAndCompiler) {
  EXPECT_THAT(sentence(),
              MatchesRegex("relapse [0-9]+\\.[0-9]+\\.[0-9]+ \\([^,()]+, [A-Za-z]+, (GCC|clang) [^()]+\\)"));
  if (commit().empty()) {
    EXPECT_EQ(mark(), number());
    EXPECT_THAT(sentence(), HasSubstr("commit unknown"));
  } else {
    EXPECT_EQ(mark(), number() + " (" + commit() + ")");
    EXPECT_THAT(sentence(), HasSubstr("(" + commit() + ", "));
  }
}

// harness/packaging/commit.cmake on a tree of the test's own.
class CommitFile : public testing::Test {
 protected:
  CommitFile() {
    std::string pattern = (fs::temp_directory_path() / "relapse-version-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    fs::create_directories(tree() / "harness/version");
    archived("$Format:%h %cs$");
  }
  ~CommitFile() override { fs::remove_all(folder_); }

  fs::path tree() const { return folder_ / "tree"; }

  void archived(const std::string& line) const { std::ofstream(tree() / "harness/version/archived") << line << "\n"; }

  // What the build would compile in.
  std::string made() const {
    const std::string command = "cmake -DSOURCE=" + tree().string() + " -DOUTPUT=" + output().string() + " -P '" +
                                RELAPSE_SOURCE_DIR "/harness/packaging/commit.cmake'";
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::ifstream in(output());
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string git(const std::string& arguments) const {
    const std::string command = "git -C " + tree().string() + " -c user.name=t -c user.email=t@t.invalid " + arguments;
    std::string said;
    FILE* pipe = popen(command.c_str(), "r");
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) said += static_cast<char>(c);
    EXPECT_EQ(pclose(pipe), 0) << command;
    return said.substr(0, said.find('\n'));
  }

  void commit() const { git("commit -q -a --allow-empty -m x"); }

  fs::path output() const { return folder_ / "commit.cpp"; }

 private:
  fs::path folder_;
};

std::string saying(const std::string& commit) {
  return "kCommit = \"" + commit + "\";";
}

TEST_F(CommitFile, FollowsEachCommitAndSaysWhatIsDirty) {
  git("init -q");
  git("add .");
  commit();
  EXPECT_THAT(made(), HasSubstr(saying(git("describe --always"))));
  const auto first = made();
  commit();
  EXPECT_NE(made(), first);
  EXPECT_THAT(made(), HasSubstr(saying(git("describe --always"))));
  archived("changed");
  EXPECT_THAT(made(), HasSubstr("-dirty\";"));
}

TEST_F(CommitFile, IsNotWrittenAgainWhenNothingChanged) {
  made();
  const auto before = fs::last_write_time(output());
  made();
  EXPECT_EQ(fs::last_write_time(output()), before);
}

TEST_F(CommitFile, IsEmptyWithoutGit) {
  EXPECT_THAT(made(), HasSubstr(saying("")));
}

TEST_F(CommitFile, TakesTheCommitOfWhatGitArchiveMade) {
  archived("abc1234 2026-11-28");
  EXPECT_THAT(made(), HasSubstr(saying("abc1234")));
  EXPECT_THAT(made(), HasSubstr("kDay = \"2026-11-28\";"));
}

TEST_F(CommitFile, IsNotThatOfARepositoryAroundTheTree) {
  fs::create_directories(tree());
  ASSERT_EQ(std::system(("git -C " + tree().parent_path().string() + " init -q").c_str()), 0);
  EXPECT_THAT(made(), HasSubstr(saying("")));
}

}  // namespace
}  // namespace relapse::version
