// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/fragments.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"

namespace relapse::kernel {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Fragments : public FolderTest {};

TEST_F(Fragments, OfTheLineAndOfTheUserWinOverTheGeneralOnes) {
  write("base.config", "# comment\nCONFIG_A=y\nCONFIG_B=y\n");
  write("base.6.1.config", "CONFIG_B=m\n");
  write("base.4.19.config", "CONFIG_B=n\n");
  write("mine", "# CONFIG_A is not set\nCONFIG_S=\"a b\"\n");
  const auto options = readFragments({"base"}, {root() / "mine"}, root(), "6.1");
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_THAT(fragmentText(*options), HasSubstr("CONFIG_B=m\n# CONFIG_A is not set\nCONFIG_S=\"a b\"\n"));
}

TEST_F(Fragments, ErrorsAreAllReportedWithTheirPlace) {
  write("base.config", "CONFIG_A=y\nA=y\n\nhello\n");
  const auto options = readFragments({"base", "bsae"}, {"/no/such"}, root(), "6.1");
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().kind, FailureKind::BadInput);
  EXPECT_THAT(options.error().message,
              AllOf(HasSubstr("base.config:2: "), HasSubstr("base.config:4: "), HasSubstr("found \"hello\""),
                    HasSubstr("found \"bsae\"; did you mean \"base\"?"), HasSubstr("/no/such: no such file")));
}

TEST_F(Fragments, TheProjectsOwnAreWellFormed) {
  for (const std::string line : {"4.19", "6.1"}) {
    const auto options =
        readFragments({"base", "nfs", "debug", "field-shape"}, {}, RELAPSE_SOURCE_DIR "/kernel-configs", line);
    EXPECT_TRUE(options) << options.error().message;
  }
}

TEST_F(Fragments, ALaterOneTakesBackWhatAnEarlierOneAskedFor) {
  const auto options =
      readFragments({"base", "nfs", "debug", "field-shape"}, {}, RELAPSE_SOURCE_DIR "/kernel-configs", "6.1");
  ASSERT_TRUE(options) << options.error().message;
  const std::string text = "\n" + fragmentText(*options);
  for (const char* asked :
       {"\n# CONFIG_ARM64_VA_BITS_39 is not set\n", "\nCONFIG_VMAP_STACK=y\n", "\nCONFIG_NFS_FS=m\n"})
    EXPECT_THAT(text, HasSubstr(asked));
  for (const char* gone : {"CONFIG_ARM64_VA_BITS_39=y", "CONFIG_VMAP_STACK is not set", "CONFIG_NFS_FS=y"})
    EXPECT_THAT(text, Not(HasSubstr(gone)));
}

std::vector<AskedOption> asked(const std::string& name, const std::string& value) {
  return {{name, value, "f.config:3"}};
}

TEST(LostOptions, AreNamedWithValueAndPlace) {
  EXPECT_EQ(lostOptions(asked("CONFIG_A", "y"), "# CONFIG_A is not set\n"),
            "f.config:3: CONFIG_A: expected y, but in the kernel's .config it is not set (a dependency is missing)");
  EXPECT_THAT(lostOptions(asked("CONFIG_A", "y"), ""),
              HasSubstr("CONFIG_A: expected y, but in the kernel's .config it is not there"));
  EXPECT_THAT(lostOptions(asked("CONFIG_A", "n"), "CONFIG_A=y\n"), HasSubstr("it is y (something else selects it)"));
  EXPECT_THAT(lostOptions(asked("CONFIG_A", "18"), "CONFIG_A=17\n"), HasSubstr("expected 18"));
}

TEST(LostOptions, AreNoneWhenAllAreThere) {
  EXPECT_EQ(lostOptions(asked("CONFIG_A", "y"), "CONFIG_A=y\n"), "");
  EXPECT_EQ(lostOptions(asked("CONFIG_A", "n"), "CONFIG_AB=y\n"), "");
  EXPECT_EQ(lostOptions(asked("CONFIG_A", "n"), "# CONFIG_A is not set\n"), "");
  EXPECT_EQ(lostOptions(asked("CONFIG_A", "\"x=y\""), "CONFIG_A=\"x=y\"\n"), "");
}

}  // namespace
}  // namespace relapse::kernel
