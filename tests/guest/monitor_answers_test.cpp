// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/monitor_answers.hpp"

#include <gtest/gtest.h>

namespace relapse::guest {
namespace {

TEST(MonitorAnswers, SayWhetherTheGuestRuns) {
  EXPECT_EQ(readRunning(R"({"return":{"status":"running","singlestep":false,"running":true},"id":"libvirt-9"})"), true);
  EXPECT_EQ(readRunning(R"({"return":{"status":"paused","running":false}})"), false);
  EXPECT_EQ(readRunning(R"({"return":{"status":"debug","running":false}})"), false);
}

TEST(MonitorAnswers, NothingElseIsTakenForRunning) {
  for (const char* answer : {"", "{", "[]", "null", R"({"return":{}})", R"({"return":[]})", R"({"running":true})",
                             R"({"return":{"running":"true"}})", R"({"return":{"running":1}})",
                             R"({"error":{"class":"GenericError","desc":"running"}})"})
    EXPECT_FALSE(readRunning(answer)) << answer;
}

struct Devices {
  const char* text;
  std::optional<int> port;
};

TEST(MonitorAnswers, HaveTheGdbServersPort) {
  for (const auto& [text, port] : {
           Devices{"charserial0: filename=unix:/r/1/c\r\n"
                   "gdb: filename=disconnected:tcp:127.0.0.1:39557,server=on\r\ncompat_monitor0: filename=mux\r\n",
                   39557},
           Devices{"gdb: filename=tcp:127.0.0.1:65535,server=on <-> 127.0.0.1:40000\r\n", 65535},
           Devices{"gdb: filename=disconnected:tcp:127.0.0.1:65536,server=on\r\n", {}},
           Devices{"gdb: filename=disconnected:tcp:127.0.0.1:0,server=on\r\n", {}},
           Devices{"gdb: filename=disconnected:tcp:127.0.0.1:\r\nx:127.0.0.1:7\r\n", {}},
           Devices{"gdb: filename=null\r\nother: filename=tcp:127.0.0.1:7\r\n", {}},
           Devices{"not-gdb: filename=tcp:127.0.0.1:7\r\n", {}},
           Devices{"", {}},
       })
    EXPECT_EQ(readGdbPort(text), port) << text;
}

}  // namespace
}  // namespace relapse::guest
