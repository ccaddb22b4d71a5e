// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/config_difference.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"

namespace relapse::kernel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ConfigDifference : public FolderTest {
 protected:
  // "NAME:GOOD:BAD" for each; else what is wrong.
  std::vector<std::string> difference(const std::string& good, const std::string& bad) {
    const auto options = configDifference(write("good", good), write("bad", bad));
    if (!options) {
      EXPECT_EQ(options.error().kind, FailureKind::BadInput);
      return {options.error().message};
    }
    std::vector<std::string> texts;
    for (const DifferentOption& option : *options) texts.push_back(option.name + ":" + option.good + ":" + option.bad);
    return texts;
  }

  std::string mixed(const std::string& good, const std::vector<DifferentOption>& changed) {
    const auto text = mixedFragment(write("good", good), changed);
    return text ? *text : text.error().message;
  }
};

TEST_F(ConfigDifference, IsWhatIsNotAskedForAlikeInTheOrderOfNames) {
  EXPECT_THAT(difference("CONFIG_Z=y\nCONFIG_B=y\nCONFIG_C=m\nCONFIG_S=\"a b\"\n# CONFIG_N is not set\n",
                         "CONFIG_A=17\nCONFIG_B=y\nCONFIG_C=y\nCONFIG_S=\"a\"\nCONFIG_N=y\n"),
              ElementsAre("CONFIG_A::17", "CONFIG_C:m:y", "CONFIG_N:n:y", "CONFIG_S:\"a b\":\"a\"", "CONFIG_Z:y:"));
}

TEST_F(ConfigDifference, OfAnOptionThatIsAskedForTwiceIsOfTheLater) {
  EXPECT_THAT(difference("CONFIG_A=n\nCONFIG_A=y\n", "CONFIG_A=y\nCONFIG_A=m\n"), ElementsAre("CONFIG_A:y:m"));
}

TEST_F(ConfigDifference, NotSetIsAskedForAndNoIsTheSame) {
  EXPECT_THAT(difference("# CONFIG_A is not set\nCONFIG_B=n\n", "# CONFIG_B is not set\n"), ElementsAre("CONFIG_A:n:"));
}

TEST_F(ConfigDifference, SaysWhatIsWrong) {
  EXPECT_THAT(difference("CONFIG_A=y\n# why\n", "CONFIG_A=y\r\n"), ElementsAre(HasSubstr("there is no difference")));
  EXPECT_THAT(difference("", ""), ElementsAre(HasSubstr("there is no difference")));
  EXPECT_THAT(difference("CONFIG_A=y\n", "y\nx\n"), ElementsAre(HasSubstr("bad:2: expected CONFIG_NAME=value")));
  EXPECT_THAT(difference("CONFIG_A=\n", ""), ElementsAre(HasSubstr("good:1: expected CONFIG_NAME=value")));
  EXPECT_THAT(difference(std::string("\0\xff\n", 3), ""), ElementsAre(HasSubstr("good:1: ")));
  EXPECT_THAT(difference(std::string(10u << 20, 'x'), ""), ElementsAre(HasSubstr("good:1: ")));
  const auto none = configDifference(root() / "good", root() / "none");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, FailureKind::BadInput);
  EXPECT_EQ(mixedFragment(root() / "none", {}).error().kind, FailureKind::BadInput);
}

TEST_F(ConfigDifference, OfJunkIsNoLongerThanAScreenfulOrTwo) {
  std::string junk;
  while (junk.size() < 1u << 20) junk += "\xff\n";
  const auto said = difference(junk, "").front();
  EXPECT_LT(said.size(), 20'000u);
  EXPECT_TRUE(said.ends_with("and 524188 more")) << said.substr(said.size() - 40);
}

TEST_F(ConfigDifference, OfWholeConfigsIsFoundInTheTimeThatTheyAsk) {
  std::string good, bad;
  for (int i = 0; i < 50'000; ++i) {
    good += "CONFIG_" + std::to_string(i) + "=y\n";
    bad +=
        (i % 10'000 == 0 ? "# CONFIG_" + std::to_string(i) + " is not set\n" : "CONFIG_" + std::to_string(i) + "=y\n");
  }
  EXPECT_THAT(difference(good, bad), ElementsAre("CONFIG_0:y:n", "CONFIG_10000:y:n", "CONFIG_20000:y:n",
                                                 "CONFIG_30000:y:n", "CONFIG_40000:y:n"));
}

TEST_F(ConfigDifference, MixedKeepsTheTextAndChangesWhatItShould) {
  EXPECT_EQ(mixed("# why\nCONFIG_A=y\n\nCONFIG_B=y\nCONFIG_A=y\nCONFIG_C=y",
                  {{"CONFIG_A", "y", "n"}, {"CONFIG_B", "y", ""}, {"CONFIG_D", "", "\"d\""}}),
            "# why\n# CONFIG_A is not set\n\nCONFIG_C=y\nCONFIG_D=\"d\"\n");
  EXPECT_EQ(mixed("CONFIG_A=y\n", {}), "CONFIG_A=y\n");
}

TEST_F(ConfigDifference, WithAllChangedTheMixedOneAsksForWhatTheBadOneDoes) {
  const std::string good = "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=m\n",
                    bad = "CONFIG_B=y\nCONFIG_C=n\nCONFIG_D=1\n";
  const auto options = configDifference(write("good", good), write("bad", bad));
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_THAT(difference(mixed(good, *options), bad), ElementsAre(HasSubstr("there is no difference")));
}

}  // namespace
}  // namespace relapse::kernel
