// SPDX-License-Identifier: GPL-2.0-or-later
// The post-mortem of real dumps. What it finds is compared with what the workload's agent said, never with a file of
// ours.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <set>

#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr int kNoSpace = 28;  // ENOSPC

// {"phase":"trigger-due","page":64,...} of the writer, as the agent passed it on.
json triggerDue(const fs::path& run) {
  std::ifstream log(run / "user.client.log");
  for (std::string line; std::getline(log, line);)
    if (const std::size_t at = line.find("{\"phase\":\"trigger-due\""); at != std::string::npos)
      return json::parse(line.substr(at), nullptr, false);
  return nullptr;
}

Ran inspectRun(const StateFolder& state, std::vector<std::string> more = {}) {
  const fs::path run = state.onlyRun();
  std::vector<std::string> arguments{"inspect", run / "vmcore", "--vmlinux", run / "bundle/vmlinux"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return relapse(state, arguments);
}

std::vector<std::string> functions(const json& stack) {
  std::vector<std::string> all;
  for (const auto& frame : stack)
    for (const auto& call : frame["calls"]) all.push_back(call["function"]);
  return all;
}

std::set<std::string> commsOf(const json& edges) {
  std::set<std::string> comms;
  for (const auto& edge : edges) comms.insert(edge["waiter"]["comm"].get<std::string>());
  return comms;
}

#define ASSERT_INSPECTED(ran)                                                 \
  ASSERT_EQ((ran).status, 0) << (ran).errors;                                 \
  ASSERT_TRUE((ran).result.is_object()) << (ran).output.substr(0, 400);       \
  for (const char* part : {"page", "request", "inode", "context", "suspect"}) \
  ASSERT_TRUE((ran).result[part].is_object()) << part << ": " << (ran).result["not_available"]

TEST(Inspect, NamesThePageOfTheSoftLockupAndWhoWaitsBehindIt) {
  const StateFolder state;
  ASSERT_EQ(relapse(state, {"run", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1"}).status, 0);
  const json told = triggerDue(state.onlyRun());
  ASSERT_TRUE(told.is_object());
  const Ran ran = inspectRun(state);
  ASSERT_INSPECTED(ran);
  const json& found = ran.result;
  EXPECT_EQ(found["page"]["index"], told["page"]);
  EXPECT_EQ(found["inode"]["ino"], told["inode"]);
  EXPECT_EQ(found["inode"]["wb_err"], kNoSpace);
  EXPECT_EQ(told["refused"], "ENOSPC");
  EXPECT_THAT(found["page"]["page_tree"].get<std::string>(), HasSubstr("agrees"));
  EXPECT_THAT(found["page"]["flags"], Contains("private"));
  EXPECT_THAT(found["page"]["flags"], Not(Contains("dirty")));
  EXPECT_EQ(found["page"]["private"], found["request"]["address"]);
  EXPECT_EQ(found["request"]["page"], found["page"]["address"]);
  EXPECT_EQ(found["context"]["path"], "shared");
  EXPECT_THAT(found["sentence"].get<std::string>(), HasSubstr("nfs_wb_page() cannot end"));
  EXPECT_THAT(functions(found["suspect"]["stack"]), Contains("nfs_wb_page"));
  EXPECT_EQ(commsOf(found["waits"]), (std::set<std::string>{"appender-0", "appender-1", "appender-2", "appender-3"}));
  for (const auto& edge : found["waits"]) {
    EXPECT_EQ(edge["holder"], found["suspect"]["task"]);
    EXPECT_TRUE(edge["certain"].get<bool>());
    EXPECT_THAT(edge["on"].get<std::string>(), HasSubstr("i_rwsem"));
  }
  // The guest's log in memory has what its console printed.
  std::set<std::string> log;
  for (const auto& record : found["dmesg"]) log.insert(record["text"].get<std::string>());
  EXPECT_TRUE(
      std::any_of(log.begin(), log.end(), [](const auto& line) { return line.find("soft lockup") != line.npos; }));
}

TEST(Inspect, NamesThePageThatTheCrashLost) {
  const StateFolder state;
  ASSERT_EQ(relapse(state, {"run", "nfs-updatepage-null-deref", "--kernel", "debian-6.1"}).status, 0);
  const fs::path run = state.onlyRun();
  const json told = triggerDue(run);
  ASSERT_TRUE(told.is_object());
  for (const bool withConsole : {false, true}) {
    SCOPED_TRACE(withConsole);
    std::vector<std::string> more;
    if (withConsole) more = {"--console", run / "console.client.log"};
    const Ran ran = inspectRun(state, more);
    ASSERT_INSPECTED(ran);
    const json& found = ran.result;
    EXPECT_EQ(found["suspect"]["how"], "crashed");
    EXPECT_EQ(found["page"]["index"], told["page"]);
    EXPECT_EQ(found["page"]["mapping"], "0x0");
    EXPECT_EQ(found["inode"]["ino"], told["inode"]);
    EXPECT_EQ(found["inode"]["wb_err"], kNoSpace);
    EXPECT_EQ(found["request"]["offset"].get<int>() + told["page"].get<int>() * 4096, told["offset"].get<int>());
    EXPECT_THAT(found["sentence"].get<std::string>(), HasSubstr("the page has lost its mapping"));
    EXPECT_THAT(found["sentence"].get<std::string>(), HasSubstr(found["suspect"]["fault"].get<std::string>()));
  }
}

TEST(Inspect, RefusesTheVmlinuxOfAnotherSeries) {
  const StateFolder state;
  const StateFolder other;
  ASSERT_EQ(relapse(state, {"run", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1"}).status, 0);
  ASSERT_EQ(relapse(other, {"run", "nfs-updatepage-null-deref", "--kernel", "debian-6.1"}).status, 0);
  const auto vmcore = state.onlyRun() / "vmcore";
  const Ran ran = relapse(state, {"inspect", vmcore, "--vmlinux", other.onlyRun() / "bundle/vmlinux"});
  EXPECT_EQ(ran.status, 64);
  EXPECT_THAT(ran.errors, HasSubstr("not the kernel of"));
}

TEST(Inspect, ListsTheTasksThatAreAskedFor) {
  const StateFolder state;
  ASSERT_EQ(relapse(state, {"run", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1"}).status, 0);
  const Ran ran = inspectRun(state, {"--task", "appender-1"});
  ASSERT_EQ(ran.status, 0) << ran.errors;
  ASSERT_EQ(ran.result["tasks"].size(), 1u);
  EXPECT_EQ(ran.result["tasks"][0]["state"], "D");
  EXPECT_THAT(functions(ran.result["tasks"][0]["stack"]), Contains("nfs_start_io_write"));
}

}  // namespace
}  // namespace relapse::e2e
