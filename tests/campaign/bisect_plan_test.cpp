// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <cctype>

#include "bisect_world.hpp"

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string textOf(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> namesOf(const BisectPlan& plan) {
  std::vector<std::string> names;
  for (const auto& candidate : plan.candidates) names.push_back(candidate.name);
  return names;
}

class BisectPlanTest : public testing::Test {
 protected:
  BisectPlanTest() {
    std::string pattern = testing::TempDir() + "bisect-plan-XXXXXX";
    root_ = mkdtemp(pattern.data());
    writePatch(1, "nfs-begin", "nfs: begin", "1234567890abcdef1234567890abcdef12345678");
    writePatch(2, "nfs-keep-the-page", "nfs: keep the page", "2234567890abcdef1234567890abcdef12345678");
    writePatch(3, "nfs-again", "nfs: keep the page", "3234567890abcdef1234567890abcdef12345678");
    writePatch(4, "mm-h", "mm: change a header", "4234567890abcdef1234567890abcdef12345678", "include/linux/mm.h");
  }
  ~BisectPlanTest() override { fs::remove_all(root_); }

  void writePatch(int number, const std::string& name, const std::string& subject, const std::string& commit,
                  const std::string& file = "fs/a.c") const {
    write(fmt::format("series/{:04}-{}.patch", number, name),
          fmt::format("From {} Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\nDate: Sat, 28 Nov 2026 12:00:00 +0000\n"
                      "Message-Id: <{}@b>\nSubject: [PATCH {}/4] {}\n\n---\ndiff --git a/{} b/{}\n--- a/{}\n+++ b/{}\n"
                      "@@ -1 +1 @@\n-{}\n+{}\n",
                      commit, number, number, subject, file, file, file, file, number - 1, number));
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }

  Result<BisectPlan> series(const std::string& good, const std::string& bad) const {
    return planSeries({"debian-6.1", root_ / "series", good, bad}, root_ / "copy");
  }

  fs::path root_;
};

TEST_F(BisectPlanTest, OfASeriesHasItsPatchesInTheirOrder) {
  const auto plan = series("", "");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(namesOf(*plan), ElementsAre("0001-nfs-begin", "0002-nfs-keep-the-page", "0003-nfs-again", "0004-mm-h"));
  EXPECT_THAT(plan->ends, ElementsAre("debian-6.1", "debian-6.1 + 4 patches"));
  EXPECT_THAT(plan->base, IsEmpty());
  const auto& second = plan->candidate(2);
  EXPECT_EQ(second.subject, "nfs: keep the page");
  EXPECT_EQ(second.author, "A <a@b>");
  EXPECT_EQ(second.commit, "2234567890abcdef1234567890abcdef12345678");
  EXPECT_EQ(second.messageId, "2@b");
  EXPECT_GT(plan->candidate(4).objects, second.objects) << "a header costs more than a file";
}

TEST_F(BisectPlanTest, CopiesWhatItReads) {
  const auto plan = series("1", "");
  ASSERT_TRUE(plan);
  const std::string before = textOf(plan->candidate(1).patch);
  EXPECT_THAT(before, HasSubstr("+2\n"));
  fs::remove_all(root_ / "series");
  EXPECT_EQ(textOf(plan->candidate(1).patch), before);
  ASSERT_THAT(plan->base, SizeIs(1));
  EXPECT_THAT(textOf(plan->base[0]), HasSubstr("+1\n"));
}

TEST_F(BisectPlanTest, EndsWhereTheUserSaysByWhateverWord) {
  struct Row {
    const char* good;
    const char* bad;
    std::size_t base;
    std::size_t candidates;
  };
  const Row rows[] = {{"", "", 0, 4},
                      {"1", "3", 1, 2},
                      {"0001-nfs-begin", "0002-nfs-keep-the-page", 1, 1},
                      {"0001-nfs-begin.patch", "", 1, 3},
                      {"elsewhere/0001-nfs-begin.patch", "", 1, 3},
                      {"nfs: begin", "mm: change a header", 1, 3},
                      {"2234567", "42345678", 2, 2},
                      {"3", "", 3, 1},
                      {"", "1", 0, 1}};
  for (const auto& [good, bad, base, candidates] : rows) {
    const auto plan = series(good, bad);
    ASSERT_TRUE(plan) << good << ".." << bad << ": " << plan.error().message;
    EXPECT_EQ(plan->base.size(), base) << good;
    EXPECT_EQ(plan->size(), candidates) << good << ".." << bad;
  }
  EXPECT_THAT(series("1", "3")->ends, ElementsAre("debian-6.1 + 1 patch", "debian-6.1 + 3 patches"));
}

TEST_F(BisectPlanTest, OfAWordThatIsNoPatchOrSeveralSaysWhichThereAre) {
  struct Row {
    const char* good;
    const char* bad;
    const char* words;
  };
  const Row rows[] = {{"0", "", "--good: expected a patch of the series, found \"0\""},
                      {"5", "", "--good: expected a patch of the series, found \"5\""},
                      {"", "lots", "--bad: expected a patch of the series, found \"lots\""},
                      {"-1", "", "found \"-1\""},
                      {"2 ", "", "found \"2 \""},
                      {"99999999999999999999", "", "found \"99999999999999999999\""},
                      {"22345", "", "found \"22345\""},
                      {"nfs: keep the page", "", "expected one patch of the series, found \"nfs: keep the page\""}};
  for (const auto& [good, bad, words] : rows) {
    const auto plan = series(good, bad);
    ASSERT_FALSE(plan) << good << bad;
    EXPECT_EQ(plan.error().kind, FailureKind::BadInput);
    EXPECT_THAT(plan.error().message,
                AllOf(HasSubstr(words), HasSubstr("\n  0001-nfs-begin"), HasSubstr("\n  0004-mm-h")));
  }
}

TEST_F(BisectPlanTest, WithNothingBetweenItsEndsIsBadInput) {
  struct Row {
    const char* good;
    const char* bad;
    const char* words;
  };
  for (const auto& [good, bad, words] :
       {Row{"3", "1", "3 not before 1"}, Row{"2", "2", "2 not before 2"}, Row{"4", "", "4 not before the last"}}) {
    const auto plan = series(good, bad);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().kind, FailureKind::BadInput);
    EXPECT_THAT(plan.error().message, HasSubstr(words));
  }
}

TEST_F(BisectPlanTest, MakesAKernelOfAnyOfThePatches) {
  const auto plan = series("1", "");
  struct Row {
    Mix mix;
    std::vector<std::size_t> candidates;
  };
  for (const auto& [mix, candidates] :
       {Row{{0}, {}}, Row{{2}, {1, 2}}, Row{{3, {}, {2}}, {1, 3}}, Row{{0, {3}, {}}, {3}}, Row{{1, {3}, {1}}, {3}}}) {
    const auto options = optionsOf(*plan, mix, root_, {});
    ASSERT_TRUE(options);
    auto patches = plan->base;
    for (const auto number : candidates) patches.push_back(plan->candidate(number).patch);
    EXPECT_EQ(options->patches, patches) << keyOf(mix);
    EXPECT_EQ(options->source, "debian-6.1");
    EXPECT_TRUE(options->withoutSeries);
  }
}

TEST_F(BisectPlanTest, OfAConfigurationHasItsOptionsAndMakesFragments) {
  write("good.config", "CONFIG_A=y\nCONFIG_B=y\nCONFIG_S=y\n");
  write("bad.config", "CONFIG_A=m\n# CONFIG_B is not set\nCONFIG_S=y\nCONFIG_Z=y\n");
  const auto plan = planConfig({"debian-6.1", root_ / "good.config", root_ / "bad.config"}, root_ / "copy");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->ends, ElementsAre("good.config", "bad.config"));
  ASSERT_THAT(plan->candidates, SizeIs(3));
  EXPECT_EQ(plan->candidate(1).name, "CONFIG_A=m");
  EXPECT_EQ(plan->candidate(1).subject, "y at the good end");
  EXPECT_EQ(plan->candidate(3).name, "CONFIG_Z=y");
  EXPECT_EQ(plan->candidate(3).subject, "not asked for at the good end");
  fs::remove(root_ / "good.config");  // there is a copy
  const auto options = optionsOf(*plan, {3, {}, {2}}, root_ / "copy", {});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_FALSE(options->withoutSeries);
  ASSERT_THAT(options->configs, SizeIs(1));
  EXPECT_THAT(textOf(options->configs[0]), AllOf(HasSubstr("CONFIG_A=m"), HasSubstr("CONFIG_B=y"),
                                                 HasSubstr("CONFIG_Z=y"), HasSubstr("CONFIG_S=y")));
}

TEST_F(BisectPlanTest, OfAConfigurationThatIsTheSameIsBadInput) {
  write("a.config", "CONFIG_A=y\n");
  const auto plan = planConfig({"", root_ / "a.config", root_ / "a.config"}, root_ / "copy");
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().kind, FailureKind::BadInput);
}

TEST_F(BisectPlanTest, ComesBackFromItsJson) {
  write("good.config", "CONFIG_A=y\n");
  write("bad.config", "CONFIG_A=m\n");
  auto graph = planOfPatches(3);
  graph.kind = BisectKind::Git;
  graph.graph = true;
  graph.repository = "/tree/.git";
  graph.goodCommit = "abc";
  graph.candidates[2].parents = {1, 2};
  for (const auto& plan :
       {*series("1", "3"), *planConfig({"", root_ / "good.config", root_ / "bad.config"}, root_), graph}) {
    const auto json = jsonOf(plan);
    const auto back = planOf(json);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(jsonOf(*back), json);
    EXPECT_EQ(back->kind, plan.kind);
    EXPECT_EQ(back->candidates.back().patch, plan.candidates.back().patch);
    EXPECT_EQ(back->candidates.back().option.bad, plan.candidates.back().option.bad);
    EXPECT_EQ(back->candidates.back().parents, plan.candidates.back().parents);
  }
}

TEST(BisectPlanJson, ThatIsNoneIsBadInput) {
  using Json = nlohmann::ordered_json;
  const Json whole = jsonOf(planOfPatches(2));
  std::vector<Json> hostile = {Json(), Json::array(), Json("x"), Json(3), Json::object()};
  for (const auto& [key, value] : whole.items()) {
    hostile.push_back(whole);
    hostile.back().erase(key);
    for (const Json& other : {Json(), Json(-1), Json::object(), Json({Json::object()}), Json({{"a", 1}})}) {
      hostile.push_back(whole);
      hostile.back()[key] = other;
    }
  }
  const auto with = [&](const char* pointer, const Json& value) {
    hostile.push_back(whole);
    hostile.back()[Json::json_pointer(pointer)] = value;
  };
  with("/kind", "lots");
  with("/ends", {"one"});
  with("/ends", Json::array());
  with("/candidates", Json::array());
  with("/candidates/0/parents", {1});
  with("/candidates/1/parents", {0});
  with("/candidates/1/parents", {2});
  with("/candidates/1/parents", {-1});
  with("/candidates/0/option", {"A"});
  with("/candidates/0/option", "A");
  with("/candidates/0/patch", 3);
  with("/candidates/0/objects", "many");
  for (const auto& json : hostile) {
    const auto plan = planOf(json);
    ASSERT_FALSE(plan) << json.dump();
    EXPECT_EQ(plan.error().kind, FailureKind::BadInput);
  }
}

TEST(BisectMix, HasAKeyAndComesBackFromIt) {
  const std::pair<Mix, const char*> rows[] = {
      {{0}, "0"}, {{5}, "5"}, {{8, {}, {3}}, "8-3"}, {{0, {3, 6}, {}}, "0+3+6"}, {{5, {7}, {1, 2}}, "5-1-2+7"}};
  for (const auto& [mix, key] : rows) {
    EXPECT_EQ(keyOf(mix), key);
    EXPECT_EQ(mixOf(key), mix) << key;
  }
}

TEST(BisectMix, ComesOfNoOtherText) {
  for (const char* key : {"", "1+", "+1", "-3", "99999999999999999999", "1+99999999999999999999", "1 2", " 1", "1 ",
                          "1--2", "1+-2", "a", "1a", "0x1", "1.5", "1-2x"})
    EXPECT_EQ(mixOf(key), std::nullopt) << key;
  EXPECT_EQ(mixOf(std::string_view()), std::nullopt);
}

TEST(BisectMix, OfSeveralThatAreTheSameKernelTheSimplestIsTaken) {
  const auto plan = planOfPatches(8);
  const std::pair<const char*, const char*> rows[] = {{"8-8", "7"},
                                                      {"8-8-7-6", "5"},
                                                      {"0+1", "1"},
                                                      {"0+1+2+3", "3"},
                                                      {"3+4-1", "4-1"},
                                                      {"3+2", "3"},
                                                      {"3-5", "3"},
                                                      {"3-2+2", "3"},
                                                      {"7+8-3", "8-3"},
                                                      {"0+3+6", "0+3+6"},
                                                      {"8-3", "8-3"},
                                                      {"6+8", "8-7"},
                                                      {"2-1", "0+2"},
                                                      {"0+2+3+4", "4-1"},
                                                      {"8-2-3-4-5-6-7", "1+8"},
                                                      {"8-1-2-3-4-5-6-7", "0+8"}};
  for (const auto& [mix, simple] : rows) EXPECT_EQ(keyOf(simplest(plan, *mixOf(mix))), simple) << mix;
}

TEST(BisectMix, ThatIsSimplestIsTheSameKernelAndOneForAllThatAre) {
  const auto plan = planOfPatches(5);
  const auto patchesOf = [&](const Mix& mix) { return optionsOf(plan, mix, "", {})->patches; };
  std::map<std::vector<fs::path>, std::set<Mix>> simple;
  for (std::size_t upTo = 0; upTo <= 5; ++upTo)
    for (unsigned bits = 0; bits < 1024; ++bits) {
      Mix mix{upTo};
      for (std::size_t number = 1; number <= 5; ++number) {
        if (bits >> (number - 1) & 1) mix.plus.insert(number);
        if (bits >> (number + 4) & 1) mix.minus.insert(number);
      }
      const auto made = simplest(plan, mix);
      ASSERT_EQ(patchesOf(made), patchesOf(mix)) << keyOf(mix);
      simple[patchesOf(mix)].insert(made);
    }
  EXPECT_THAT(simple, SizeIs(32));
  for (const auto& [patches, mixes] : simple) EXPECT_THAT(mixes, SizeIs(1));
}

TEST(BisectMix, IsToldInWords) {
  const auto plan = planOfPatches(8);
  EXPECT_EQ(inWords(plan, {0}), "tiny");
  EXPECT_EQ(inWords(plan, {8, {}, {3}}), "tiny + 8 patches without 0003-patch");
  EXPECT_EQ(inWords(plan, {0, {3, 6}, {}}), "tiny with 0003-patch, 0006-patch");
  EXPECT_EQ(inWords(plan, {5}), "up to 0005-patch");
}

}  // namespace
}  // namespace relapse::campaign
