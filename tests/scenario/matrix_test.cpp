// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario/scenario.hpp"
#include "scenario_file.hpp"

namespace relapse::scenario {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class Matrix : public ScenarioFile {
 protected:
  Result<std::vector<Scenario>> cellsOf(const std::string& matrix, const std::vector<std::string>& overrides = {}) {
    std::ofstream(folder_ / "f.yaml", std::ios::binary) << Text{.more = "matrix: " + matrix}.text();
    return loadCells(folder_ / "f.yaml", overrides);
  }
  std::vector<std::string> names(const std::string& matrix, const std::vector<std::string>& overrides = {}) {
    std::vector<std::string> result;
    const auto cells = cellsOf(matrix, overrides);
    EXPECT_TRUE(cells) << cells.error().message;
    if (!cells) return result;
    for (const Scenario& s : *cells) {
      result.emplace_back();
      for (const std::string& name : s.cell) result.back() += (result.back().empty() ? "" : " ") + name;
    }
    return result;
  }
  std::string matrixError(const std::string& matrix, const std::vector<std::string>& overrides = {}) {
    const auto cells = cellsOf(matrix, overrides);
    return cells ? "" : shortened(cells.error().message);
  }
};

TEST_F(Matrix, AFileWithoutOneIsOneScenarioWithoutACell) {
  const auto cells = cellsOf("{}");
  ASSERT_TRUE(cells) << cells.error().message;
  ASSERT_THAT(*cells, SizeIs(1));
  EXPECT_THAT(cells->front().cell, IsEmpty());
}

TEST_F(Matrix, EachCombinationIsAScenario) {
  EXPECT_THAT(names("{nfs.mount.version: ['3', '4.1'], 'steps[0].fault': [{fill-export: true}, {drop-caches: true}]}"),
              ElementsAre("nfs.mount.version=3 steps[0].fault={fill-export: true}",
                          "nfs.mount.version=3 steps[0].fault={drop-caches: true}",
                          "nfs.mount.version=4.1 steps[0].fault={fill-export: true}",
                          "nfs.mount.version=4.1 steps[0].fault={drop-caches: true}"));
  const auto cells = cellsOf("{nfs.mount.options: [[hard], [soft, timeo=10]], seed: [5, 6]}");
  ASSERT_TRUE(cells) << cells.error().message;
  EXPECT_THAT(cells->at(3).nfs->mount.options, ElementsAre("soft", "timeo=10"));
  EXPECT_EQ(cells->at(3).seed, 6u);
}

TEST_F(Matrix, ACellsNameIsAnOverrideThatMakesTheSame) {
  const auto cells = cellsOf("{summary: ['a: b, \"c\"', \"x\\ty\"], nfs.mount.options: [[soft, timeo=10], []]}");
  ASSERT_TRUE(cells) << cells.error().message;
  for (const Scenario& s : *cells) {
    std::vector<std::string> overrides{"matrix={}"};
    overrides.insert(overrides.end(), s.cell.begin(), s.cell.end());
    const Result<Scenario> again = load(folder_ / "f.yaml", overrides);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->summary, s.summary);
    EXPECT_EQ(again->nfs->mount.options, s.nfs->mount.options);
  }
}

TEST_F(Matrix, LoadGivesItsFirstCell) {
  const Result<Scenario> s = loaded({.more = "matrix: {seed: [5, 6]}"});
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_EQ(s->seed, 5u);
  EXPECT_THAT(s->cell, ElementsAre("seed=5"));
}

TEST_F(Matrix, AnOverrideGoesBeforeIt) {
  const std::string matrix = "{nfs.mount.version: ['3', '4.1'], seed: [5, 6]}";
  EXPECT_THAT(names(matrix, {"nfs.mount.version=4.2"}), ElementsAre("seed=5", "seed=6"));
  EXPECT_THAT(names(matrix, {"nfs={}"}), ElementsAre("seed=5", "seed=6"));
  EXPECT_THAT(names(matrix, {"matrix={}"}), ElementsAre(""));
  EXPECT_THAT(names(matrix, {"matrix={jitter: [1s]}"}), ElementsAre("jitter=1s"));
  const auto cells = cellsOf("{nodes.client: [{cpus: 3}, {memory: 1GiB}]}", {"nodes.client.cpus=4"});
  ASSERT_TRUE(cells) << cells.error().message;
  ASSERT_THAT(*cells, SizeIs(2));
  EXPECT_EQ(cells->at(0).nodes.at("client").cpus, 4);
  EXPECT_EQ(cells->at(1).nodes.at("client").cpus, 4);
  EXPECT_EQ(cells->at(1).nodes.at("client").memory.value, 1ull << 30);
}

TEST_F(Matrix, AnErrorOfOneCellNamesIt) {
  EXPECT_EQ(matrixError("{nfs.mount.version: ['3', '5'], seed: [1, 2]}"),
            "f.yaml:7:35: nfs.mount.version: expected one of 3, 4.0, 4.1, 4.2, found \"5\" (in the cell "
            "nfs.mount.version=5, seed=1)");
  EXPECT_EQ(matrixError("{nodes.client.cpus: [2, 1]}", {"steps=[{fault: {offline-cpu: 1}}]"}),
            "--set steps: steps[0].fault.offline-cpu: expected a node with more CPUs than the one of client (CPU 0 "
            "stays), found \"1\" (in the cell nodes.client.cpus=1)");
}

TEST_F(Matrix, AnErrorOfAllCellsIsSaidOnceAndNamesNone) {
  EXPECT_EQ(matrixError("{seed: [1, 2]}", {"deadlines.boot=x"}),
            "--set deadlines.boot: expected a duration from 1s to 1h, found \"x\"");
  EXPECT_EQ(matrixError("{seed: [1, 2]}", {"nonsense"}),
            "--set: expected KEY=VALUE such as nodes.client.cpus=4, found \"nonsense\"");
}

TEST_F(Matrix, ItsOwnErrorsPointExpectAndQuote) {
  EXPECT_EQ(matrixError("[a]"), "f.yaml:7:9: matrix: expected a map of keys, each with a list of values, found a list");
  EXPECT_EQ(matrixError("~"), "f.yaml:7:9: matrix: expected a map of keys, each with a list of values, found nothing");
  EXPECT_EQ(matrixError("{seed: 3}"), "f.yaml:7:16: matrix.seed: expected a list of one value or more, found \"3\"");
  EXPECT_EQ(matrixError("{seed: []}"),
            "f.yaml:7:16: matrix.seed: expected a list of one value or more, found an empty list");
  EXPECT_EQ(matrixError("{a..b: [1]}"),
            "f.yaml:7:10: matrix: expected a key such as nfs.mount.version, found \"a..b\"");
  EXPECT_EQ(matrixError("{matrix.seed: [[1]]}"),
            "f.yaml:7:10: matrix.matrix.seed: expected a key outside of the matrix, found \"matrix\"");
  EXPECT_EQ(matrixError("{nodes: [{}], nodes.client.cpus: [2]}"),
            "f.yaml:7:23: matrix.nodes.client.cpus: expected a key that is no part of another, found "
            "\"nodes.client.cpus\" in \"nodes\"");
  EXPECT_EQ(matrixError("{'steps[0].fault': [{fill-export: true}], steps.0.fault: [{fill-export: true}]}"),
            "f.yaml:7:51: matrix.steps.0.fault: expected a key that is no part of another, found \"steps.0.fault\" in "
            "\"steps[0].fault\"");
  EXPECT_EQ(matrixError("{'steps[7].wait': [1s]}"),
            "f.yaml:7:10: expected the number of an item (0 to 0) at steps, found \"7\"");
  EXPECT_EQ(matrixError("{sede: [1]}").substr(0, 55), "f.yaml:7:10: sede: expected one of the keys name, summa");
}

// A file cannot make more of it than there are cells.
TEST_F(Matrix, IsBounded) {
  std::string sixteen;
  for (int i = 0; i < 16; ++i) sixteen += (i == 0 ? "" : ", ") + std::to_string(i + 1);
  EXPECT_THAT(names("{seed: [" + sixteen +
                    "], deadlines.boot: [1s, 2s, 3s, 4s, 5s, 6s, 7s, 8s, 9s, 10s, 11s, 12s, "
                    "13s, 14s, 15s, 16s]}"),
              SizeIs(256));
  EXPECT_EQ(matrixError("{seed: [" + sixteen + "], nodes.client.cpus: [" + sixteen + "], jitter: [1s, 2s]}"),
            "f.yaml:7:9: matrix: expected at most 256 combinations, found more");
  std::string wide;  // 2^200 combinations
  for (int i = 0; i < 200; ++i) wide += fmt::format("{}k{}: [1, 2]", i == 0 ? "" : ", ", i);
  EXPECT_EQ(matrixError("{" + wide + "}"), "f.yaml:7:9: matrix: expected at most 256 combinations, found more");
  std::string deep = "a";
  for (int i = 0; i < 400; ++i) deep += ".a";
  EXPECT_THAT(matrixError("{" + deep + ": [1]}"), testing::StartsWith("f.yaml:7:10: matrix: expected a key such as"));
}

TEST_F(ScenarioFile, SeedAndJitterHaveTheirDefaultsAndBounds) {
  const Result<Scenario> s = loaded({});
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_EQ(s->seed, Scenario{}.seed);
  EXPECT_EQ(s->jitter, Scenario{}.jitter);
  const Result<Scenario> t = loaded({.more = "seed: 9223372036854775807\njitter: 200ms"});
  ASSERT_TRUE(t) << t.error().message;
  EXPECT_EQ(t->seed, 9223372036854775807u);
  EXPECT_EQ(t->jitter, 200ms);
  EXPECT_EQ(errorOf({.more = "seed: -1"}),
            "f.yaml:7:7: seed: expected an integer from 0 to 9223372036854775807, found \"-1\"");
  EXPECT_EQ(errorOf({.more = "jitter: 11min"}),
            "f.yaml:7:9: jitter: expected a duration from 0s to 10min, found \"11min\"");
}

}  // namespace
}  // namespace relapse::scenario
