// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/shell_keys.hpp"

#include <gmock/gmock.h>

namespace relapse::run {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kEscape = "\x1d";

struct Heard {
  std::string guest;
  std::string echo;
  std::vector<std::string> commands;
};

// The same, however the bytes were cut.
Heard typed(const std::string& bytes) {
  ShellKeys whole;
  const auto at_once = whole.feed(bytes);
  ShellKeys single;
  Heard heard;
  for (const char byte : bytes) {
    const auto one = single.feed(std::string(1, byte));
    heard.guest += one.guest;
    heard.echo += one.echo;
    heard.commands.insert(heard.commands.end(), one.commands.begin(), one.commands.end());
  }
  EXPECT_EQ(heard.guest, at_once.guest);
  EXPECT_EQ(heard.echo, at_once.echo);
  EXPECT_EQ(heard.commands, at_once.commands);
  EXPECT_EQ(whole.atHost(), single.atHost());
  return heard;
}

TEST(ShellKeys, TheGuestGetsEverythingButTheHostsLine) {
  const auto heard = typed(std::string("ls\r\x03\x1b[A\x04") + kEscape + "fault link-down\rpwd\r");
  EXPECT_EQ(heard.guest, "ls\r\x03\x1b[A\x04pwd\r");
  EXPECT_THAT(heard.commands, ElementsAre("fault link-down"));
  EXPECT_EQ(heard.echo, "\r\nrelapse> fault link-down\r\n");
}

TEST(ShellKeys, TheHostsLineCanBeCorrected) {
  EXPECT_THAT(typed(std::string(kEscape) + "gdx\x7f" + "b\r").commands, ElementsAre("gdb"));
  EXPECT_THAT(typed(std::string(kEscape) + "\x7f\x08" + "gdb\r").commands, ElementsAre("gdb"));
  EXPECT_THAT(typed(std::string(kEscape) + "nonsense\x15gdb\r").commands, ElementsAre("gdb"));
  EXPECT_THAT(typed(std::string(kEscape) + "g\x1b[Ad\x1b[3~\x1bOBb\r").commands, ElementsAre("gdb")) << "arrow keys";
}

TEST(ShellKeys, TheHostsLineIsLeftWithoutACommand) {
  for (const char* leaves : {"\r", "   \r", "quit\x03", "quit\x04"}) {
    const auto heard = typed(std::string(kEscape) + leaves + "x");
    EXPECT_THAT(heard.commands, IsEmpty());
    EXPECT_EQ(heard.guest, "x");
  }
}

TEST(ShellKeys, TwiceTheEscapeIsOneForTheGuest) {
  EXPECT_EQ(typed(std::string(kEscape) + kEscape + "x").guest, std::string(kEscape) + "x");
}

TEST(ShellKeys, AnEndlessLineTakesNoMemory) {
  const auto heard = typed(std::string(kEscape) + std::string(100'000, 'a') + "\r");
  ASSERT_EQ(heard.commands.size(), 1U);
  EXPECT_LT(heard.commands[0].size(), 1000U);
}

TEST(PipedShell, TakesThePromptsOutAndKnowsWhenTheNextLineMayCome) {
  PipedShell shell;
  EXPECT_FALSE(shell.ready());
  EXPECT_EQ(shell.feed("\x1e"), "");
  EXPECT_TRUE(shell.ready());
  shell.told();
  EXPECT_FALSE(shell.ready());
  EXPECT_EQ(shell.feed("one\ntw"), "one\ntw");
  EXPECT_FALSE(shell.ready());
  EXPECT_EQ(shell.feed("o\n\x1f"), "o\n");
  EXPECT_FALSE(shell.ready());
  EXPECT_TRUE(shell.wantsMore());
  EXPECT_EQ(shell.feed("\x1e"), "");
  EXPECT_TRUE(shell.ready());
  EXPECT_FALSE(shell.wantsMore());
}

TEST(OpenLine, IsWhatStandsBehindTheLastLineEnd) {
  OpenLine line;
  line.feed("client# ls\r\nfile\r\nclient# ");
  EXPECT_EQ(line.text(), "client# ");
  line.feed("ca");
  EXPECT_EQ(line.text(), "client# ca");
  line.feed(std::string(100'000, 'x'));
  EXPECT_LE(line.text().size(), 1000U);
  line.feed("\n");
  EXPECT_EQ(line.text(), "");
}

}  // namespace
}  // namespace relapse::run
