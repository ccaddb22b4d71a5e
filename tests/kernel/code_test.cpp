// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/code.hpp"

#include <gmock/gmock.h>

#include "fixture.hpp"

namespace relapse::kernel {
namespace {

using testing::HasSubstr;

class SumOfCode : public FolderTest {
 protected:
  std::string sum(const std::string& image, const std::string& buildId, const std::string& modules = "") {
    KernelImage kernel;
    kernel.image = write("Image", image);
    kernel.buildId = buildId;
    kernel.modulesSha256 = modules;
    const auto result = sumOfCode(kernel);
    return result ? *result : result.error().message;
  }
};

TEST_F(SumOfCode, IsThatOfKernelsWhichDifferInTheirBuildIdOnly) {
  EXPECT_EQ(sum("code \xab\xcd more \xab\xcd\xab\xcd", "abcd"), sum("code \x12\x34 more \x12\x34\x12\x34", "1234"));
  EXPECT_EQ(sum("code \xab\xcd", "ABCD"), sum("code \xab\xcd", "abcd"));
  EXPECT_NE(sum("code \xab\xcd", "abcd"), sum("c0de \x12\x34", "1234"));
  EXPECT_NE(sum("code \xab\xcd", "abcd"), sum("code \xab\xcd", "1234"));
  EXPECT_NE(sum("code \xab\xcd ", "abcd"), sum("code \xab\xcd", "abcd"));
}

TEST_F(SumOfCode, KnowsTheModules) {
  EXPECT_NE(sum("code", "", "1"), sum("code", "", "2"));
  EXPECT_NE(sum("code", "", "1"), sum("code", ""));
  EXPECT_EQ(sum("code", "", "1"), sum("code", "", "1"));
}

TEST_F(SumOfCode, NeedsNoBuildId) {
  EXPECT_EQ(sum("code", "").size(), 64u);
  EXPECT_EQ(sum("", "").size(), 64u);
}

TEST_F(SumOfCode, SaysWhatIsWrong) {
  for (const char* odd : {"abc", "xy", "a\n", "+1", "-1", " 1"})
    EXPECT_THAT(sum("code", odd), HasSubstr("expected a build-id")) << odd;
  KernelImage kernel;
  kernel.image = root() / "none";
  const auto none = sumOfCode(kernel);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, FailureKind::BadInput);
  EXPECT_THAT(none.error().message, HasSubstr("none: No such file"));
}

}  // namespace
}  // namespace relapse::kernel
