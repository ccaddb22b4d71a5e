// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/agent_protocol.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace relapse::guest {
namespace {

TEST(AgentProtocol, EscapesWhatWouldEndAFieldOrALine) {
  EXPECT_EQ(runCommand(7, {"/relapse/mark", "a\tb\nc\\d"}), "run\t7\t/relapse/mark\ta\\tb\\nc\\\\d\n");
  EXPECT_EQ(killCommand(3, 9), "kill\t3\t9\n");
}

TEST(AgentProtocol, ReadsEachMessage) {
  const auto ready = decodeAgentLine(R"({"event":"ready","release":"6.1.192","cpus":2,"uptime":0.61})");
  ASSERT_TRUE(std::holds_alternative<AgentReady>(ready.what));
  EXPECT_EQ(std::get<AgentReady>(ready.what).release, "6.1.192");
  EXPECT_EQ(std::get<AgentReady>(ready.what).cpus, 2);
  EXPECT_DOUBLE_EQ(ready.uptime, 0.61);

  const auto output = decodeAgentLine(R"({"event":"output","id":4,"stream":"err","line":"no","uptime":1})");
  ASSERT_TRUE(std::holds_alternative<AgentOutput>(output.what));
  EXPECT_TRUE(std::get<AgentOutput>(output.what).error);

  const auto exited = decodeAgentLine(R"({"event":"exited","id":4,"status":3})");
  EXPECT_EQ(std::get<Exited>(std::get<AgentEnded>(exited.what).end).status, 3);
  const auto killed = decodeAgentLine(R"({"event":"killed","id":4,"signal":9})");
  EXPECT_EQ(std::get<Killed>(std::get<AgentEnded>(killed.what).end).signal, 9);
  const auto failed = decodeAgentLine(R"({"event":"failed","id":4,"error":"ENOENT"})");
  EXPECT_EQ(std::get<NotStarted>(std::get<AgentEnded>(failed.what).end).error, "ENOENT");
}

TEST(AgentProtocol, NeverTakesGarbageForAnEnd) {
  for (const char* line : {"", "hello", "[1]", "{", R"({"event":"exited"})", R"({"event":"exited","id":-1})",
                           R"({"event":"exited","id":"4"})", R"({"event":"exited","id":1e99})", R"({"event":7,"id":1})",
                           "\xff\xfe{}", R"({"event":"output","id":4294967296})"})
    EXPECT_TRUE(std::holds_alternative<AgentProblem>(decodeAgentLine(line).what)) << line;
}

TEST(AgentProtocol, AnExitWithoutAStatusIsNoSuccess) {
  const auto exited = decodeAgentLine(R"({"event":"exited","id":4})");
  EXPECT_NE(std::get<Exited>(std::get<AgentEnded>(exited.what).end).status, 0);
}

TEST(AgentProtocol, WhatIsNoTimeSinceABootIsNone) {
  for (const char* uptime : {"-1", "1e300", "-1e300", "1e10", "null", "\"5\"", "18446744073709551615"})
    EXPECT_EQ(decodeAgentLine(fmt::format(R"({{"event":"ready","uptime":{}}})", uptime)).uptime, 0) << uptime;
  EXPECT_EQ(decodeAgentLine(R"({"event":"ready","uptime":86400.5})").uptime, 86400.5);
}

TEST(AgentProtocol, ReadsAWorkloadsLastWord) {
  const auto report = decodeWorkloadReport(R"({"result":"done","errno":"ENOSPC"})");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->error, "ENOSPC");
  EXPECT_FALSE(decodeWorkloadReport(R"({"result":"done","errno":null})")->error);
  EXPECT_FALSE(decodeWorkloadReport(R"({"phase":"trigger-due"})"));
  EXPECT_FALSE(decodeWorkloadReport("BUG: soft lockup"));
  EXPECT_EQ(decodePhase(R"({"phase":"trigger-due","page":64})"), "trigger-due");
}

TEST(AgentProtocol, ACorruptFileIsToldWithItsPlace) {
  const auto report = decodeWorkloadReport(
      R"({"result":"corrupt","file":"shared","offset":18446744073709551615,"expected":7,"found":0,"errno":null})");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->result, "corrupt");
  EXPECT_EQ(report->file, "shared");
  EXPECT_EQ(report->offset, 18446744073709551615u);
  EXPECT_FALSE(report->error);
}

TEST(AgentProtocol, APlaceThatIsNoneIsLeftOut) {
  for (const char* line : {R"({"result":"corrupt"})", R"({"result":"corrupt","file":3,"offset":-1})",
                           R"({"result":"corrupt","file":null,"offset":1.5})",
                           R"({"result":"corrupt","offset":"4096"})", R"({"result":"corrupt","offset":1e300})"}) {
    const auto report = decodeWorkloadReport(line);
    ASSERT_TRUE(report) << line;
    EXPECT_EQ(report->file, "") << line;
    EXPECT_EQ(report->offset, 0u) << line;
  }
}

TEST(LineSplitter, JoinsLinesAcrossChunks) {
  LineSplitter lines;
  EXPECT_TRUE(lines.feed("ab").empty());
  EXPECT_EQ(lines.feed("c\nd\ne"), (std::vector<std::string>{"abc", "d"}));
  EXPECT_EQ(lines.feed("\n"), std::vector<std::string>{"e"});
}

TEST(LineSplitter, CutsAnEndlessLineAndGoesOnAfterIt) {
  LineSplitter lines(4);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(lines.feed("xxxxxxxxxx").empty());
  EXPECT_EQ(lines.feed("\nok\n"), (std::vector<std::string>{"xxxx", "ok"}));
}

}  // namespace
}  // namespace relapse::guest
