// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/leftovers.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "cli/doctor.hpp"
#include "process/scratch.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Leftovers : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "leftovers-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    places_.cache = root_ / "cache";
    places_.state = root_ / "state";
    for (const char* folder : {"cache/kernels", "cache/roots", "cache/trees/one", "state/runs", "state/shells", "tmp"})
      fs::create_directories(root_ / folder);
    for (const char* variable : {"TMPDIR", "XDG_RUNTIME_DIR"}) setenv(variable, (root_ / "tmp").c_str(), 1);
  }
  void TearDown() override {
    for (const char* variable : {"TMPDIR", "XDG_RUNTIME_DIR"}) unsetenv(variable);
    fs::remove_all(root_);
  }

  // As a process leaves it that was killed.
  fs::path ofTheDead(const fs::path& folder) const {
    fs::create_directories(folder);
    const pid_t maker = fork();
    if (maker == 0) {
      const auto owner = process::Ownership::take(folder);
      std::ofstream(folder / "file") << "x";
      _exit(owner ? 0 : 1);
    }
    int status = 0;
    waitpid(maker, &status, 0);
    EXPECT_EQ(status, 0);
    return folder;
  }
  fs::path file(const fs::path& path, std::chrono::hours age) const {
    std::ofstream(path) << "x";
    fs::last_write_time(path, fs::file_time_type::clock::now() - age);
    return path;
  }
  std::vector<fs::path> found() const {
    std::vector<fs::path> paths;
    for (const auto& left : leftovers(places_)) paths.push_back(left.path);
    return paths;
  }

  fs::path root_;
  run::Places places_;
};

TEST_F(Leftovers, AreFoundWhereRelapseWorks) {
  const std::vector<fs::path> dead = {
      ofTheDead(root_ / "cache/kernels/.scratch-a"), ofTheDead(root_ / "cache/trees/one/.scratch-b"),
      ofTheDead(root_ / "state/runs/x.incomplete"), ofTheDead(root_ / "state/shells/y.incomplete"),
      ofTheDead(root_ / "tmp/relapse-abcdef")};
  EXPECT_EQ(found(), dead);
}

TEST_F(Leftovers, AreNotWhatLivesOrIsDone) {
  fs::create_directories(root_ / "state/runs/live.incomplete");
  const auto owner = process::Ownership::take(root_ / "state/runs/live.incomplete");
  ASSERT_TRUE(owner);
  fs::create_directories(root_ / "state/runs/done");
  fs::create_directories(root_ / "tmp/relapse-backup");
  file(root_ / "cache/kernels/kernel", 1000h);
  file(root_ / "cache/sources-x.part", 1000h);  // a download, which goes on where it was
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Leftovers, WithoutAnOwnerAreTakenForDeadAfterADay) {
  file(root_ / "cache/roots/root.cpio.123.part", 1h);
  file(root_ / "cache/kernels/.new-123-0-record", 1h);
  fs::create_directories(root_ / "state/runs/young.incomplete");
  fs::create_directories(root_ / "cache/trees/one/.scratch-young");
  EXPECT_THAT(found(), IsEmpty());
  const auto part = file(root_ / "cache/roots/old.cpio.123.part", 25h);
  const auto draft = file(root_ / "cache/kernels/.new-124-0-record", 25h);
  fs::create_directories(root_ / "state/runs/old.incomplete");
  fs::last_write_time(root_ / "state/runs/old.incomplete", fs::file_time_type::clock::now() - 25h);
  const auto scratch = root_ / "cache/trees/one/.scratch-old";
  fs::create_directories(scratch);
  fs::last_write_time(scratch, fs::file_time_type::clock::now() - 25h);
  EXPECT_THAT(found(), testing::UnorderedElementsAre(part, draft, scratch, root_ / "state/runs/old.incomplete"));
}

TEST_F(Leftovers, AreGoneOnceCleanedUp) {
  const auto run = ofTheDead(root_ / "state/runs/x.incomplete");
  for (const auto& left : leftovers(places_)) {
    const auto done = cleanUp(left);
    EXPECT_TRUE(done) << done.error().message;
  }
  EXPECT_FALSE(fs::exists(run));
  EXPECT_TRUE(fs::exists(root_ / "state/runs"));
}

TEST_F(Leftovers, AreToldWithWhatRemovesThemAndAreNoLack) {
  ofTheDead(root_ / "state/runs/x.incomplete");
  const auto findings = describe(leftovers(places_));
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_TRUE(findings[0].good);
  EXPECT_THAT(doctorText(findings, false),
              AllOf(HasSubstr("left   a run"), HasSubstr("x.incomplete: of a relapse that was killed"),
                    HasSubstr("mend: relapse doctor --clean"), Not(HasSubstr("lacks"))));
}

}  // namespace
}  // namespace relapse::cli
