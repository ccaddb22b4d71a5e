// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include "campaign/ladder.hpp"

namespace relapse::campaign {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> of(std::string_view text, Notation notation = Notation::AsWritten) {
  auto values = ladder(text, notation);
  return values ? *values : std::vector<std::string>{values.error().message};
}

TEST(Ladder, DoublesFromTheOneEndAndEndsWithTheOther) {
  EXPECT_THAT(of("1..64"), ElementsAre("1", "2", "4", "8", "16", "32", "64"));
  EXPECT_THAT(of("1..6"), ElementsAre("1", "2", "4", "6"));
  EXPECT_THAT(of("3..3"), ElementsAre("3"));
  EXPECT_THAT(of("0..5"), ElementsAre("0", "1", "2", "4", "5"));
  EXPECT_THAT(of("0..0"), ElementsAre("0"));
}

TEST(Ladder, KeepsAUnitThatBothEndsHave) {
  EXPECT_THAT(of("1s..3s"), ElementsAre("1s", "2s", "3s"));
  EXPECT_THAT(of("5%..20%"), ElementsAre("5%", "10%", "20%"));
  EXPECT_THAT(of("4KiB..16KiB"), ElementsAre("4KiB", "8KiB", "16KiB"));
}

TEST(Ladder, WritesSizesAsTheirPlaceWantsThem) {
  EXPECT_THAT(of("4k..16k", Notation::PlainBytes), ElementsAre("4096", "8192", "16384"));
  EXPECT_THAT(of("4096..8192", Notation::PlainBytes), ElementsAre("4096", "8192"));
  EXPECT_THAT(of("256M..1G", Notation::ScenarioSize), ElementsAre("256MiB", "512MiB", "1GiB"));
  EXPECT_THAT(of("512KiB..1MiB"), ElementsAre("512KiB", "1MiB"));
  EXPECT_THAT(of("64k..128k"), ElementsAre("64KiB", "128KiB"));
}

TEST(Ladder, SaysWhatIsNoLadder) {
  EXPECT_THAT(of("8..1"), ElementsAre("expected the smaller end first, found \"8..1\""));
  EXPECT_THAT(of("a..b"), ElementsAre(HasSubstr("expected two numbers")));
  EXPECT_THAT(of("1.."), ElementsAre(HasSubstr("expected two numbers")));
  EXPECT_THAT(of("-1..5"), ElementsAre(HasSubstr("expected two numbers")));
  EXPECT_THAT(of("1s..5ms"), ElementsAre(HasSubstr("the same unit")));
  EXPECT_THAT(of("1..99999999999999999999999"), ElementsAre(HasSubstr("expected two numbers")));
  EXPECT_THAT(of("1k..18446744073709551615k"), ElementsAre(HasSubstr("expected two ends")));
}

TEST(Ladder, EndsAtTheGreatestNumberThereIs) {
  EXPECT_EQ(of("1..18446744073709551615").size(), 65u);
  EXPECT_EQ(of("1..18446744073709551615").back(), "18446744073709551615");
}

TEST(InNotation, LeavesWhatIsNoSizeAlone) {
  EXPECT_EQ(inNotation("64k", Notation::PlainBytes), "65536");
  EXPECT_EQ(inNotation("64k", Notation::AsWritten), "64KiB");
  EXPECT_EQ(inNotation("64", Notation::AsWritten), "64");
  EXPECT_EQ(inNotation("4.1", Notation::AsWritten), "4.1");
  EXPECT_EQ(inNotation("20%", Notation::AsWritten), "20%");
  EXPECT_EQ(inNotation("tmpfs", Notation::PlainBytes), "tmpfs");
}

}  // namespace
}  // namespace relapse::campaign
