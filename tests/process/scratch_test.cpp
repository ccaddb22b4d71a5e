// SPDX-License-Identifier: GPL-2.0-or-later
#include "process/scratch.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace relapse::process {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class Scratch : public testing::Test {
 protected:
  void SetUp() override {
    parent_ = fs::path(testing::TempDir()) / ("scratch-" + std::to_string(::getpid()));
    fs::create_directories(parent_);
  }
  void TearDown() override { fs::remove_all(parent_); }

  std::vector<fs::path> abandoned() const {
    std::vector<fs::path> folders;
    for (const auto& left : abandonedIn(parent_)) folders.push_back(left.folder);
    return folders;
  }

  // A folder whose maker was killed, with a file in it.
  fs::path leftByTheDead() const {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t maker = ::fork();
    if (maker == 0) {
      const auto folder = makeOwnFolder(parent_, "left-");
      std::ofstream(folder->path / "file") << "x";
      const std::string name = folder->path;
      [[maybe_unused]] const auto count = ::write(ends[1], name.data(), name.size());
      ::kill(::getpid(), SIGKILL);
    }
    ::waitpid(maker, nullptr, 0);
    std::string name(4096, '\0');
    const auto count = ::read(ends[0], name.data(), name.size());
    name.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    for (const int end : ends) ::close(end);
    return name;
  }

  fs::path parent_;
};

TEST_F(Scratch, OfALiveProcessIsNotAbandoned) {
  const auto folder = makeOwnFolder(parent_, "mine-");
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_THAT(abandoned(), IsEmpty());
}

TEST_F(Scratch, OfAKilledProcessIsAbandoned) {
  const fs::path left = leftByTheDead();
  ASSERT_TRUE(fs::exists(left / "file"));
  EXPECT_THAT(abandoned(), ElementsAre(left));
}

TEST_F(Scratch, IsTakenByOneAloneOfThoseWhoCleanUp) {
  leftByTheDead();
  const auto first = abandonedIn(parent_);
  EXPECT_EQ(first.size(), 1u);
  EXPECT_THAT(abandoned(), IsEmpty());
}

TEST_F(Scratch, OfAnotherHostIsNotOursToJudge) {
  const fs::path left = leftByTheDead();
  std::ofstream(left / ".relapse-owner") << "another-host.invalid";
  EXPECT_THAT(abandoned(), IsEmpty());
}

TEST_F(Scratch, AFolderThatOnlyHasTheNameIsLeftAlone) {
  fs::create_directories(parent_ / "relapse-backup");
  std::ofstream(parent_ / "relapse-backup/thesis") << "x";
  EXPECT_THAT(abandoned(), IsEmpty());
}

TEST_F(Scratch, IsNotLookedForThroughALink) {
  const fs::path left = leftByTheDead();
  const fs::path elsewhere = parent_ / "elsewhere";
  fs::create_directories(elsewhere);
  fs::rename(left, elsewhere / "real");
  fs::create_directory_symlink(elsewhere / "real", parent_ / "link");
  EXPECT_THAT(abandoned(), IsEmpty());
}

TEST_F(Scratch, ThatIsGivenUpIsNobodys) {
  auto folder = makeOwnFolder(parent_, "kept-");
  ASSERT_TRUE(folder);
  folder->owner.giveUp();
  EXPECT_THAT(abandoned(), IsEmpty());
  EXPECT_TRUE(fs::is_empty(folder->path));
}

TEST_F(Scratch, AForkedChildKeepsItOwned) {
  const pid_t maker = ::fork();
  if (maker == 0) {
    const auto folder = makeOwnFolder(parent_, "forked-");
    const pid_t child = ::fork();
    if (child == 0) {
      ::sleep(5);
      ::_exit(0);
    }
    std::ofstream(parent_ / "child") << child;
    std::_Exit(0);
  }
  ::waitpid(maker, nullptr, 0);
  pid_t child = 0;
  std::ifstream(parent_ / "child") >> child;
  ASSERT_GT(child, 0);
  EXPECT_THAT(abandoned(), IsEmpty());
  ::kill(child, SIGKILL);
  for (int i = 0; i < 100 && abandoned().empty(); ++i) ::usleep(20'000);
  EXPECT_EQ(abandoned().size(), 1u);
}

TEST_F(Scratch, IsGoneWithItsOwnerThoughItsFilesWereRenamed) {
  {
    auto scratch = ScratchFolder::make(parent_, ".scratch-");
    ASSERT_TRUE(scratch) << scratch.error().message;
    EXPECT_TRUE(fs::is_empty(scratch->path()));
    std::ofstream(scratch->path() / "file") << "x";
    fs::rename(scratch->path(), parent_ / "result");
    std::error_code ignored;
    EXPECT_FALSE(fs::is_empty(parent_, ignored));
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(parent_)) names.push_back(entry.path().filename());
  EXPECT_THAT(names, ElementsAre("result"));
  EXPECT_TRUE(fs::exists(parent_ / "result/file"));
}

TEST_F(Scratch, ThatCannotBeMadeIsToldWithItsPlace) {
  const auto scratch = ScratchFolder::make(parent_ / "missing", "x-");
  ASSERT_FALSE(scratch);
  EXPECT_EQ(scratch.error().kind, FailureKind::Exhausted);
  EXPECT_THAT(scratch.error().message, testing::HasSubstr((parent_ / "missing/x-").string()));
}

}  // namespace
}  // namespace relapse::process
