// SPDX-License-Identifier: GPL-2.0-or-later
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario/scenario.hpp"
#include "scenario_file.hpp"

namespace relapse::scenario {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class ProbesOf : public ScenarioFile {
 protected:
  std::string probesError(const std::string& probes) { return errorOf({.more = "probes: {" + probes + "}"}); }
  std::string eventError(const std::string& event) { return probesError("events: {" + event + "}"); }
  Probes probes(const std::string& text, const std::string& nodes = "") {
    const Result<Scenario> s = loaded({.more = "probes: {" + text + "}\n" + nodes});
    EXPECT_TRUE(s) << s.error().message;
    return s ? s->probes : Probes{};
  }
};

TEST_F(ProbesOf, AScenarioThatSaysNothingAreNone) {
  const Result<Scenario> s = loaded({});
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_TRUE(s->probes.none());
  EXPECT_EQ(s->probes.every, Probes{}.every);
}

TEST_F(ProbesOf, AScenarioHoldWhatIsWritten) {
  const Probes p = probes(
      "events: [{kprobe: nfs_updatepage+0x40, name: gap, fetch: ['page=%x0', '+8(%x1):u64'], filter: 'page > 0', "
      "stack: "
      "true}, {kretprobe: nfs_writepage_setup, fetch: 'error=$retval:s32'}, {tracepoint: 'nfs:nfs_commit_done'}], "
      "rpcdebug: ['nfs:pagecache+file', 'rpc:all'], dynamic-debug: 'file fs/nfs/write.c +p', sysctls: "
      "[vm.dirty_ratio, kernel.hung_task_timeout_secs], every: 250ms, on: server",
      "nodes: {server: {}}");
  ASSERT_EQ(p.events.size(), 3u);
  EXPECT_EQ(p.events[0].kind, Probe::Kind::Function);
  EXPECT_EQ(p.events[0].target, "nfs_updatepage+0x40");
  EXPECT_EQ(p.events[0].name, "gap");
  EXPECT_THAT(p.events[0].fetch, ElementsAre("page=%x0", "+8(%x1):u64"));
  EXPECT_EQ(p.events[0].filter, "page > 0");
  EXPECT_TRUE(p.events[0].stack);
  EXPECT_EQ(p.events[1].kind, Probe::Kind::Return);
  EXPECT_EQ(p.events[1].name, "nfs_writepage_setup_return");
  EXPECT_FALSE(p.events[1].stack);
  EXPECT_EQ(p.events[2].kind, Probe::Kind::Tracepoint);
  EXPECT_EQ(p.events[2].target, "nfs:nfs_commit_done");
  EXPECT_EQ(p.events[2].name, "nfs_commit_done");
  EXPECT_THAT(p.rpcdebug, ElementsAre("nfs:pagecache+file", "rpc:all"));
  EXPECT_THAT(p.dynamicDebug, ElementsAre("file fs/nfs/write.c +p"));
  EXPECT_THAT(p.sysctls, ElementsAre("vm.dirty_ratio", "kernel.hung_task_timeout_secs"));
  EXPECT_EQ(p.every, 250ms);
  EXPECT_THAT(p.on, ElementsAre("server"));
}

TEST_F(ProbesOf, AScenarioAreOnAllClientsByDefault) {
  EXPECT_THAT(probes("events: {kprobe: f}", "nodes: {client: {count: 2}, server: {}}").on,
              ElementsAre("client1", "client2"));
}

TEST_F(ProbesOf, AScenarioHaveNamesOfTheirOwn) {
  const std::string longName(200, 'f');
  const Probes p = probes(
      "events: [{kprobe: f}, {kprobe: f}, {kprobe: f+4}, {kretprobe: f}, {kprobe: g, name: f_2}, {kprobe: a.isra.0}, "
      "{tracepoint: 'x:f'}, {kprobe: " +
      longName + "}, {kprobe: " + longName + "}, {kretprobe: " + longName + "}]");
  std::set<std::string> names;
  for (const Probe& probe : p.events) {
    EXPECT_TRUE(names.insert(probe.name).second) << probe.name;
    EXPECT_LE(probe.name.size(), 60u);
  }
  EXPECT_EQ(names.size(), 10u);
  EXPECT_TRUE(names.contains("f"));  // the tracepoint's, which nobody can give another
  EXPECT_EQ(p.events[6].name, "f");
  EXPECT_EQ(p.events[4].name, "f_2");
  EXPECT_EQ(p.events[5].name, "a_isra_0");
}

TEST_F(ProbesOf, AScenarioHaveErrorsThatPointExpectAndQuote) {
  EXPECT_EQ(eventError("stack: true"),
            "f.yaml:7:18: probes.events: expected exactly one of the keys kprobe, kretprobe, tracepoint, found none");
  EXPECT_EQ(eventError("kprobe: a, kretprobe: b"),
            "f.yaml:7:18: probes.events: expected exactly one of the keys kprobe, kretprobe, tracepoint, found kprobe "
            "and kretprobe");
  EXPECT_EQ(eventError("kprobe: 'a b'"),
            "f.yaml:7:27: probes.events.kprobe: expected a function, maybe with an offset, such as "
            "nfs_updatepage+0x40, found \"a b\"");
  EXPECT_EQ(eventError("kprobe: a+x"),
            "f.yaml:7:27: probes.events.kprobe: expected a function, maybe with an offset, such as "
            "nfs_updatepage+0x40, found \"a+x\"");
  EXPECT_EQ(eventError("tracepoint: nfs_commit_done"),
            "f.yaml:7:31: probes.events.tracepoint: expected a tracepoint such as nfs:nfs_commit_done, found "
            "\"nfs_commit_done\"");
  EXPECT_EQ(eventError("tracepoint: 'a:b', name: c"),
            "f.yaml:7:44: probes.events.name: expected no such key for a tracepoint, which has its own");
  EXPECT_EQ(eventError("tracepoint: 'a:b', fetch: 'x=%x0'"),
            "f.yaml:7:45: probes.events.fetch: expected no such key for a tracepoint, which prints what it has");
  EXPECT_EQ(eventError("kprobe: a, fetch: [b=$retval]"),
            "f.yaml:7:38: probes.events.fetch: expected a kretprobe for $retval, found \"b=$retval\"");
  EXPECT_EQ(eventError("kprobe: a, fetch: 'b=%x0 c'"),
            "f.yaml:7:37: probes.events.fetch: expected an argument of kprobe events such as error=$retval or "
            "page=%x0, found \"b=%x0 c\"");
  EXPECT_EQ(eventError("kprobe: a, name: 1a"),
            "f.yaml:7:36: probes.events.name: expected an identifier of at most 60 characters, found \"1a\"");
  EXPECT_EQ(probesError("events: [{kprobe: a, name: c}, {kprobe: b, name: c}]"),
            "f.yaml:7:59: probes.events[1].name: expected a name that no other probe has, found \"c\"");
  EXPECT_EQ(probesError("events: [{tracepoint: 'a:c'}, {tracepoint: 'b:c'}]"),
            "f.yaml:7:53: probes.events[1].tracepoint: expected a name that no other probe has, found \"c\"");
  for (const std::string wrong : {"nfs", "nfs:", "nfs:vfs+", "nfs:nothing", "smb:all", "nfs:vfs file", "':all'"}) {
    const std::string found = wrong.front() == '\'' ? ":all" : wrong;
    EXPECT_EQ(probesError("rpcdebug: ['" + found + "']"),
              "f.yaml:7:21: probes.rpcdebug[0]: expected a module of rpcdebug and its flags, such as nfs:all or "
              "nfs:pagecache+file, found \"" +
                  found + "\"");
  }
  EXPECT_EQ(probesError("dynamic-debug: file fs/nfs/write.c"),
            "f.yaml:7:25: probes.dynamic-debug: expected a query of dynamic debug such as 'file fs/nfs/write.c +p', "
            "found \"file fs/nfs/write.c\"");
  for (const std::string wrong : {"dirty_ratio", "vm..dirty_ratio", ".vm.x", "vm.x.", "vm/../x", "../../etc.x"}) {
    EXPECT_EQ(
        probesError("sysctls: [" + wrong + "]"),
        "f.yaml:7:20: probes.sysctls[0]: expected a sysctl's name such as vm.dirty_ratio, found \"" + wrong + "\"");
  }
  EXPECT_EQ(probesError("every: 1ms"),
            "f.yaml:7:17: probes.every: expected a duration from 100ms to 10min, found \"1ms\"");
  EXPECT_EQ(probesError("on: server"), "f.yaml:7:14: probes.on: expected one of client, clients, found \"server\"");
}

}  // namespace
}  // namespace relapse::scenario
