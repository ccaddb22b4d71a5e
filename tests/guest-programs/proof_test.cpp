// SPDX-License-Identifier: GPL-2.0-or-later
// What is planted between the end of the writers and their proof is found.
#include <gmock/gmock.h>

#include <fstream>

#include "workload.hpp"

namespace relapse::guest_programs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kWhere = 9003;

class Proof : public OnDisk, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    OnDisk::SetUp();
    if (!fs::exists("/proc/self/task/" + std::to_string(getpid()) + "/children"))
      GTEST_SKIP() << "skipped: this kernel does not list a program's children";
  }

  Halted halted(const Arguments& more = {}) const {
    Arguments arguments{"--size", "8192", "--verify", "1"};
    if (GetParam() == "copiers") arguments[1] = "16384";
    arguments.insert(arguments.end(), more.begin(), more.end());
    return {GetParam(), folder_, 2, arguments};
  }
};

TEST_P(Proof, HoldsWhenNothingWasPlanted) {
  Halted program = halted();
  ASSERT_TRUE(program.ready());
  const Ran ran = program.goOn();
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_EQ(ran.last()["verified"], true);
}

TEST_P(Proof, FindsAByteThatIsNotWhatWasWritten) {
  Halted program = halted();
  ASSERT_TRUE(program.ready());
  const auto was = static_cast<unsigned char>(content().at(kWhere));
  const auto planted = static_cast<unsigned char>(was ^ 0x20);
  put(kWhere, std::string(1, static_cast<char>(planted)));
  const Ran ran = program.goOn();
  EXPECT_EQ(ran.status, 1);
  json expected{{"result", "corrupt"}, {"file", "f"},      {"offset", kWhere}, {"expected", was},
                {"found", planted},    {"errno", nullptr}, {"what", "wrong"},  {"words", 1}};
  json found = ran.last();
  if (GetParam() == "copiers") {  // any copier's data would have been right there
    expected.erase("expected"), expected.erase("offset"), expected.erase("found");
    found.erase("expected"), found.erase("offset"), found.erase("found");
  }
  EXPECT_EQ(found, expected);
}

TEST_P(Proof, FindsZerosWhereDataWas) {
  Halted program = halted();
  ASSERT_TRUE(program.ready());
  const auto was = static_cast<unsigned char>(content().at(8192));
  put(8192, std::string(4096, '\0'));
  const Ran ran = program.goOn();
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.last()["what"], "lost");
  EXPECT_EQ(ran.last()["offset"], 8192);
  EXPECT_EQ(ran.last()["found"], 0);
  EXPECT_EQ(ran.last()["words"], 512);
  if (GetParam() != "copiers") {
    EXPECT_EQ(ran.last()["expected"], was);
  }
}

TEST_P(Proof, FindsAnEndThatIsMissing) {
  Halted program = halted();
  ASSERT_TRUE(program.ready());
  const std::size_t end = content().size();
  fs::resize_file(folder_ / "f", end - 16);
  const Ran ran = program.goOn();
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.last()["what"], "short");
  EXPECT_EQ(ran.last()["offset"], end - 16);
  EXPECT_EQ(ran.last()["words"], 2);
}

TEST_P(Proof, FindsTheRightDataInTheWrongPlace) {
  Halted program = halted();
  ASSERT_TRUE(program.ready());
  put(8192, content().substr(0, 512));
  const Ran ran = program.goOn();
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.last()["what"], "wrong");
  EXPECT_EQ(ran.last()["words"], 64);
}

TEST_P(Proof, FindsDataOfAnEarlierRound) {
  const auto first = [&] {
    Arguments once{"--writers", "2", "--size", GetParam() == "copiers" ? "16384" : "8192"};
    work(GetParam(), once);
    return content();
  }();
  Halted program = halted();
  ASSERT_TRUE(program.ready());
  put(8192, first.substr(8192, 512));
  const Ran ran = program.goOn();
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.last()["what"], "lost");
  EXPECT_EQ(ran.last()["offset"], 8192);
}

TEST_P(Proof, FailsWhenTheFileIsGone) {
  Halted program = halted();
  ASSERT_TRUE(program.ready());
  fs::remove(folder_ / "f");
  const Ran ran = program.goOn();
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.last(), json({{"result", "failed"}, {"step", "verify: open"}, {"errno", "ENOENT"}}));
}

std::string programName(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Of, Proof,
                         testing::Values("copiers", "direct-writers", "fsync-storm", "locked-writers", "mmap-writers",
                                         "pinned-writers"),
                         programName);

TEST_F(OnDisk, TruncateAgainstWriteFindsAByteThatNobodyWrote) {
  Halted program("truncate-against-write", folder_, 2, {"--size", "8192"});
  ASSERT_TRUE(program.ready());
  put(0, "nobody's");
  const Ran ran = program.goOn();
  EXPECT_EQ(ran.status, 1) << ran.output;
  EXPECT_EQ(ran.last()["what"], "wrong");
  EXPECT_EQ(ran.last()["offset"], 0);
}

TEST_F(OnDisk, RenameAgainstWriteFindsANameThatShouldNotBeOrIsMissing) {
  Halted program("rename-against-write", folder_, 1, {"--size", "8192"});
  ASSERT_TRUE(program.ready());
  const fs::path moved = folder_ / "f.d" / "0.moved";
  const bool there = fs::exists(moved);
  if (there) {
    fs::remove(moved);
  } else {
    std::ofstream(moved) << "x";
  }
  const Ran ran = program.goOn();
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.last(), json({{"result", "corrupt"},
                              {"file", "f.d/0.moved"},
                              {"offset", 0},
                              {"expected", there ? 1 : 0},
                              {"found", there ? 0 : 1},
                              {"errno", nullptr},
                              {"what", "name"},
                              {"words", 1}}));
}

TEST_F(OnDisk, RenameAgainstWriteFindsAByteThatNobodyWrote) {
  Halted program("rename-against-write", folder_, 4, {"--size", "8192"});
  ASSERT_TRUE(program.ready());
  std::string name;
  for (const auto& entry : fs::directory_iterator(folder_ / "f.d")) name = "f.d/" + entry.path().filename().string();
  ASSERT_FALSE(name.empty());
  put(4096, "nobody's", name);
  const Ran ran = program.goOn();
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.last()["file"], name);
  EXPECT_EQ(ran.last()["what"], "wrong");
}

}  // namespace
}  // namespace relapse::guest_programs
