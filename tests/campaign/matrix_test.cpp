// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "campaign/matrix.hpp"

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class MatrixFile : public testing::Test {
 protected:
  MatrixFile() {
    std::string pattern = testing::TempDir() + "matrix-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    write("s.yaml", scenario("s", ""));
    write("t.yaml", scenario("t", "matrix: {nfs.mount.version: ['3', '4.2']}\n"));
    write("fix.patch", "");
  }
  ~MatrixFile() override { fs::remove_all(folder_); }

  static std::string scenario(const std::string& name, const std::string& more) {
    return "name: " + name + "\nsummary: s\nkernel: {source: debian-6.1, config: [base]}\nnfs: {}\n" +
           "steps: [{wait: 1s}]\nexpect: {survived: true}\n" + more;
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  Result<Matrix> load(const std::string& text) const {
    write("m.yaml", text);
    return loadMatrix(folder_ / "m.yaml", [](const std::string& name) -> Result<fs::path> {
      return fail(FailureKind::BadInput, "expected a scenario, found \"" + name + "\"");
    });
  }
  std::vector<std::string> keys(const std::string& text) const {
    const auto matrix = load(text);
    EXPECT_TRUE(matrix) << matrix.error().message;
    std::vector<std::string> found;
    if (matrix)
      for (const auto& cell : matrix->cells) found.push_back(cell.key);
    return found;
  }
  fs::path folder_;
};

TEST_F(MatrixFile, IsKernelsTimesScenariosTimesVariants) {
  EXPECT_THAT(keys("name: m\nkernels: [debian-6.1, {source: debian-6.1, name: fix, patches: fix.patch}]\n"
                   "scenarios: s.yaml\nvariants: [{name: v3, set: {nfs.mount.version: '3'}}, {name: v42, set: "
                   "{nfs.mount.version: '4.2', nodes.client.cpus: 4}}]\n"),
              ElementsAre("debian-6.1/s/v3", "debian-6.1/s/v42", "fix/s/v3", "fix/s/v42"));
}

TEST_F(MatrixFile, PutsTheVariantIntoTheScenario) {
  const auto matrix = load(
      "name: m\nkernels: debian-6.1\nscenarios: s.yaml\n"
      "variants: {name: big, set: {nodes.client.cpus: 4, nfs.mount.options: [hard, timeo=10]}}\n");
  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_EQ(matrix->cells[0].scenario.nodes.at("client").cpus, 4);
  EXPECT_THAT(matrix->cells[0].scenario.nfs->mount.options, ElementsAre("hard", "timeo=10"));
  EXPECT_THAT(matrix->cells[0].sets, ElementsAre("nodes.client.cpus=4", "nfs.mount.options=[hard, timeo=10]"));
}

TEST_F(MatrixFile, TakesTheScenariosOwnMatrixIn) {
  EXPECT_THAT(keys("name: m\nkernels: debian-6.1\nscenarios: [t.yaml]\n"),
              ElementsAre("debian-6.1/t/nfs.mount.version=3", "debian-6.1/t/nfs.mount.version=4.2"));
}

TEST_F(MatrixFile, HasRunsPrioritiesExcludesAndABudget) {
  const auto matrix = load(
      "name: m\nkernels: [debian-6.1, linux-4.19.325]\nruns: 2\nbudget: 6h\nconfirm: 7\n"
      "false-flags: 1%\nscenarios: [s.yaml, {scenario: t.yaml, runs: 9, priority: 3}]\n"
      "exclude: [{kernel: 'linux-*', scenario: t, why: too slow}]\n");
  ASSERT_TRUE(matrix) << matrix.error().message;
  EXPECT_EQ(matrix->budget, std::chrono::hours(6));
  EXPECT_EQ(matrix->confirm, 7);
  EXPECT_DOUBLE_EQ(matrix->falseFlags, 0.01);
  for (const auto& cell : matrix->cells) {
    EXPECT_EQ(cell.runs, cell.scenario.name == "t" ? 9 : 2);
    EXPECT_EQ(cell.priority, cell.scenario.name == "t" ? 3 : 1);
    EXPECT_EQ(cell.excluded.has_value(), cell.scenario.name == "t" && cell.kernel.name == "linux-4.19.325");
  }
}

TEST_F(MatrixFile, PointsAtEverythingThatIsWrongAtOnce) {
  const auto matrix = load(
      "name: m\nkernels: [{source: debian-6.1, patches: gone.patch}]\n"
      "scenarios: [nowhere, s.yaml]\nvariants: [{name: v, set: {nfs.mount.version: '7'}}]\n"
      "budgett: 6h\n");
  ASSERT_FALSE(matrix);
  EXPECT_EQ(matrix.error().kind, FailureKind::BadInput);
  for (const char* said :
       {"m.yaml:2:", "gone.patch", "nowhere", "with the variant v", "nfs.mount.version", "did you mean \"budget\"?"})
    EXPECT_THAT(matrix.error().message, HasSubstr(said));
}

TEST_F(MatrixFile, RefusesTheSameCellTwice) {
  const auto matrix = load("name: m\nkernels: [debian-6.1, debian-6.1]\nscenarios: [s.yaml]\n");
  ASSERT_FALSE(matrix);
  EXPECT_THAT(matrix.error().message, HasSubstr("debian-6.1/s\" twice"));
}

TEST_F(MatrixFile, IsKnownAgainByItsSum) {
  const std::string text = "name: m\nkernels: debian-6.1\nscenarios: s.yaml\n";
  EXPECT_EQ(load(text)->sum, load(text)->sum);
  EXPECT_NE(load(text)->sum, load(text + "runs: 4\n")->sum);
}

}  // namespace
}  // namespace relapse::campaign
