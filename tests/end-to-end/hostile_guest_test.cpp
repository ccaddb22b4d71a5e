// SPDX-License-Identifier: GPL-2.0-or-later
// Guests that mean ill: what they write takes no more than its share of the host, and is taken for nothing else.
#include <gmock/gmock.h>
#include <signal.h>

#include <sstream>

#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

// The most memory that it had so far, in MiB.
std::size_t peakOf(pid_t pid) {
  std::istringstream status(contentOf(fs::path("/proc") / std::to_string(pid) / "status"));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6)) >> 10;
  return 0;
}

std::uintmax_t sizeOf(const fs::path& folder) {
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().filename() != "vmcore" && entry.path().parent_path() == folder)
      bytes += entry.file_size();
  return bytes;
}

struct Flooded {
  int status = -1;
  std::size_t peak = 0;
  std::string output;
};

// The guest does `commands`, side by side, in place of the scenario's steps.
Flooded floodBy(const StateFolder& state, const std::vector<std::string>& commands) {
  auto steps = nlohmann::json::array();
  for (const auto& command : commands) steps.push_back({{"shell", {{"command", command}, {"background", true}}}});
  const fs::path output = state.path() / "output";
  const pid_t pid = spawn(commandLine({"run", "nfs-fatal-error-fixed", "--kernel", "debian-6.1", "--set",
                                       "deadlines.reproduce=40s", "--set", "steps=" + steps.dump()}),
                          {{"XDG_STATE_HOME", state.path()}}, output);
  Flooded flooded;
  eventually(3600s, [&] {
    if (contentOf(output).find("boot: begun") != std::string::npos) flooded.peak = std::max(flooded.peak, peakOf(pid));
    return fs::exists(state.path() / "relapse/runs/latest") || hasEnded(pid);
  });
  flooded.status = waitFor(pid);
  flooded.output = contentOf(output);
  return flooded;
}

TEST(HostileGuest, AFloodOnBothChannelsIsBoundedAndNoLockup) {
  const StateFolder state;
  const auto flooded =
      floodBy(state, {R"(yes 'watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [yes:1]' & sleep 12; kill $!)",
                      R"(yes '{"event":"ready","id":1,"line":"<b>' >&2 & sleep 12; kill $!)",
                      R"(tr '\0' x < /dev/zero > /dev/ttyAMA0 & sleep 12; kill $!)",
                      R"(cat /dev/urandom > /dev/ttyAMA0 & sleep 12; kill $!)"});
  const auto run = state.onlyRun();
  const auto result = nlohmann::json::parse(contentOf(run / "result.json"), nullptr, false);
  ASSERT_TRUE(result.is_object()) << flooded.output;
  EXPECT_NE(result["verdict"]["word"], "reproduced") << result["verdict"];
  EXPECT_NE(flooded.status, 2) << "a failure of the kernel's: " << result["verdict"];
  EXPECT_GT(fs::file_size(run / "console.client.log"), 64u << 10) << "there was no flood of the console";
  EXPECT_GT(fs::file_size(run / "user.client.log"), 64u << 10) << "there was no flood of the agent's channel";
  EXPECT_LT(flooded.peak, 300u) << "MiB";
  EXPECT_LT(sizeOf(run), 400u << 20);
}

TEST(HostileGuest, OneThatResetsItselfEndsTheRunOnce) {
  const StateFolder state;
  const auto reset = floodBy(state, {"busybox reboot -f"});
  EXPECT_EQ(reset.status, 125) << reset.output;
  EXPECT_THAT(reset.output, HasSubstr("the guest powered off early"));
}

}  // namespace
}  // namespace relapse::e2e
