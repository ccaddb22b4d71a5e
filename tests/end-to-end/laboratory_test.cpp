// SPDX-License-Identifier: GPL-2.0-or-later
// The laboratory on a real kernel: several guests, faults that are undone, probes, data that is proved. One scenario
// of this file's own for each; the shipped ones are in family_test.cpp.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// The kernels that other tests build as well.
constexpr const char* kPlain =
    "{source: [debian-6.1], config: [base, nfs, debug], series: series/nfs-fatal-error-fixed}";
constexpr const char* kWhole =
    "{source: [debian-6.1], config: [base, nfs, debug, field-shape, filesystems, faults, probes], series: "
    "series/nfs-wb-page}";

// A scenario in a folder with the shipped series.
class OwnScenario {
 public:
  explicit OwnScenario(const std::string& kernel, const std::string& rest) {
    fs::create_directories(state_.path() / "own");
    fs::copy(fs::path(RELAPSE_SOURCE_DIR) / "scenarios/series", state_.path() / "own/series",
             fs::copy_options::recursive);
    std::ofstream(file()) << "name: own\nsummary: a test's own\nkernel: " << kernel << '\n' << rest;
  }
  fs::path file() const { return state_.path() / "own/own.yaml"; }
  Ran run() const { return relapse(state_, {"run", file().string()}); }
  fs::path folder() const { return state_.onlyRun(); }

  // The lines of the timeline with this `what`.
  std::vector<json> timeline(const std::string& what) const {
    std::vector<json> found;
    std::istringstream lines(contentOf(folder() / "timeline.jsonl"));
    for (std::string line; std::getline(lines, line);)
      if (json entry = json::parse(line, nullptr, false); entry.is_object() && entry["what"] == what)
        found.push_back(std::move(entry));
    return found;
  }

 private:
  StateFolder state_;
};

std::string verdictOf(const Ran& ran) {
  if (!ran.result.is_object()) return ran.output + ran.errors;
  return ran.result["verdict"]["word"].get<std::string>();
}

TEST(Laboratory, AServerWhoseLinkIsDownIsMissedAndComesBackByItself) {
  const OwnScenario own(kPlain, R"(nodes:
  client: {cpus: 1, memory: 256MiB}
  server: {cpus: 1, memory: 256MiB}
nfs: {export: {size: 16MiB}}
steps:
  - work: {program: copiers, writers: 2, size: 64KiB, verify: true}
  - fault: {link-down: true, for: 3s}
  - work: {program: appenders, writers: 2}
  - shell: "test -s /mnt/shared"
watch: {softlockup: 10s}
expect: {survived: true}
)");
  const Ran ran = own.run();
  ASSERT_EQ(verdictOf(ran), "survived") << ran.result["verdict"] << ran.errors;
  EXPECT_THAT(ran.result["nodes"], SizeIs(2));
  const auto fault = own.timeline("fault");
  const auto undo = own.timeline("undo");
  ASSERT_THAT(fault, SizeIs(1));
  ASSERT_THAT(undo, SizeIs(1));
  EXPECT_EQ(fault[0]["node"], "server");
  EXPECT_GE(undo[0]["at_ms"].get<int>() - fault[0]["at_ms"].get<int>(), 3000);
  const auto ended = own.timeline("ended");
  const auto appenders = std::ranges::find_if(
      ended, [](const auto& entry) { return entry["text"].template get<std::string>().starts_with("appenders"); });
  ASSERT_NE(appenders, ended.end());
  EXPECT_GT((*appenders)["at_ms"], undo[0]["at_ms"]) << "nothing could be written while it was away";
  for (const char* node : {"client", "server"})
    EXPECT_THAT(contentOf(own.folder() / (std::string("console.") + node + ".log")), HasSubstr("relapse: eyes open"));
}

TEST(Laboratory, GuestsReachEachOtherAndNothingElse) {
  const OwnScenario own(kPlain, R"(nodes:
  client: {count: 2, cpus: 1, memory: 192MiB}
  server: {cpus: 1, memory: 256MiB, reaches-host: true}
nfs: {export: {size: 16MiB}, mount: {version: "3"}}
steps:
  - shell: {command: "ping -c1 -W5 10.77.1.1", on: client1}
  - shell: {command: "ping -c1 -W5 10.77.2.1", on: client2}
  - shell: {command: "ping -c1 -W2 10.77.2.2", on: client1, status: 1}
  - shell: {command: "ping -c1 -W2 10.0.2.2", status: 1}
  - shell: {command: "ip route | grep -q default", status: 1}
  - shell: {command: "ping -c1 -W5 10.0.2.2", on: server}
  - work: {program: direct-writers, size: 64KiB, verify: true, on: client1}
  - work: {program: readers, on: client2}
watch: {softlockup: 10s}
expect: {survived: true}
)");
  const Ran ran = own.run();
  ASSERT_EQ(verdictOf(ran), "survived") << ran.result["verdict"] << ran.errors;
  EXPECT_THAT(ran.result["nodes"], SizeIs(3));
}

TEST(Laboratory, DataThatTheServerLosesIsWorkThatFailed) {
  const OwnScenario planted(kPlain, R"(nfs: {export: {size: 16MiB}}
steps:
  - work: {program: copiers, rounds: 50, size: 256KiB, verify: true, background: true}
  # Its writer ends while the program that is to prove the data is stopped.
  - shell: >-
      named() { grep -lx $1 /proc/[0-9]*/comm | head -n1 | cut -d/ -f3; };
      until p=$(named copiers); c=$(named copier-0); [ "$p" ] && [ "$c" ]; do usleep 10000; done; kill -STOP $p;
      until grep -q State:.Z /proc/$c/status; do usleep 10000; done;
      printf XXXXXXXX | dd of=/export/shared bs=1 seek=8192 conv=notrunc; kill -CONT $p
expect: {survived: true}
deadlines: {reproduce: 3min}
)");
  const Ran ran = planted.run();
  ASSERT_EQ(verdictOf(ran), "other-failure") << ran.result["verdict"] << ran.errors;
  EXPECT_EQ(ran.status, 2);
  const json& event = ran.result["events"][ran.result["verdict"]["events"][0].get<std::size_t>()];
  EXPECT_EQ(event["event"], "work-failed");
  EXPECT_THAT(event["message"].get<std::string>(), AllOf(HasSubstr("\"file\":\"shared\""), HasSubstr("\"offset\":8192"),
                                                         HasSubstr("\"expected\":"), HasSubstr("\"found\":88")));
}

TEST(Laboratory, AFaultThatTheKernelCannotDoIsAnErrorBeforeAGuestBoots) {
  const OwnScenario own(kPlain, R"(nfs: {}
steps:
  - fault: {packet-loss: 10%, for: 1s}
expect: {survived: true}
)");
  const Ran ran = own.run();
  EXPECT_EQ(ran.status, 64);
  EXPECT_THAT(ran.errors, AllOf(HasSubstr("fault packet-loss needs CONFIG_NET_SCH_NETEM"), HasSubstr("faults"),
                                Not(HasSubstr("boot: begun"))));
}

TEST(Laboratory, AFrozenExportKeepsItsWritersUntilItThaws) {
  const OwnScenario own(kWhole, R"(nfs: {export: {filesystem: ext4, size: 16MiB}}
steps:
  - fault: {freeze-export: true, for: 3s}
  - work: {program: unlinked-writers, writers: 2, rounds: 2}
watch: {softlockup: 10s}
expect: {survived: true}
)");
  const Ran ran = own.run();
  ASSERT_EQ(verdictOf(ran), "survived") << ran.result["verdict"] << ran.errors;
  const auto undo = own.timeline("undo");
  const auto ended = own.timeline("ended");
  ASSERT_THAT(undo, SizeIs(1));
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_GT(ended[0]["at_ms"], undo[0]["at_ms"]) << "nothing could be written while it was frozen";
}

// On the kernel with all that the laboratory wants.
constexpr const char* kServerWithDisk = R"(nodes:
  client: {cpus: 2, memory: 384MiB}
  server: {cpus: 1, memory: 384MiB}
nfs:
  export: {filesystem: ext4, medium: image, size: 32MiB, quota: 1MiB}
  mount: {version: "4.2", options: [hard]}
)";

TEST(Laboratory, AProbeOnAFunctionThatIsNotThereIsAnErrorBeforeAGuestBoots) {
  const OwnScenario own(kWhole, std::string(kServerWithDisk) + R"(probes:
  events: [{kprobe: nfs_invalidate_page_folio_that_is_not}]
steps:
  - wait: 1s
expect: {survived: true}
)");
  const Ran ran = own.run();
  EXPECT_EQ(ran.status, 64);
  EXPECT_THAT(ran.errors, AllOf(HasSubstr("nfs_invalidate_page_folio_that_is_not"), Not(HasSubstr("boot: begun"))));
}

TEST(Laboratory, FaultsOfEveryPlaceOnOneTimelineAndAServerThatReboots) {
  const OwnScenario good(kWhole, std::string(kServerWithDisk) + R"(probes:
  events:
    - {kprobe: nfs_page_async_flush, stack: true}
    - {kprobe: nfs_error_is_fatal_on_server}
  sysctls: [vm.dirty_ratio]
steps:
  - fault: {packet-loss: 5%, for: 2s}
  - work: {program: locked-writers, writers: 2, rounds: 2, size: 16KiB, verify: true}
  - fault: {clock-jump: -90s, for: 1s}
  - fault: {offline-cpu: 1, for: 1s}
  - fault: {drop-caches: true}
  - work: {program: copiers, size: 2MiB, file: mine, as: writer, outcome: [EDQUOT]}
  - fault: {reboot-guest: true}
  - work: {program: mmap-writers, writers: 2, verify: true, threads: true}
watch: {softlockup: 20s, hung-task: 120s, rcu-stall: 60s}
expect: {survived: true}
deadlines: {reproduce: 5min}
)");
  const Ran ran = good.run();
  ASSERT_EQ(verdictOf(ran), "survived") << ran.result["verdict"] << ran.errors;
  EXPECT_EQ(ran.result["nodes"]["server"]["boots"], 2);
  EXPECT_EQ(ran.result["nodes"]["client"]["boots"], 1);
  EXPECT_THAT(good.timeline("fault"), SizeIs(5));
  EXPECT_THAT(good.timeline("undo"), SizeIs(3));
  EXPECT_THAT(good.timeline("probe"), Not(IsEmpty()));
  EXPECT_THAT(good.timeline("sysctl"), SizeIs(1));
  EXPECT_THAT(contentOf(good.folder() / "trace.client.log"), HasSubstr("<stack trace>"));
  EXPECT_THAT(ran.result["notes"].dump(),
              AllOf(HasSubstr("nfs_error_is_fatal_on_server"), HasSubstr("inlined at"), HasSubstr("never hit")));
  int before = 0;
  for (const auto& entry : good.timeline("fault")) {
    EXPECT_GE(entry["at_ms"].get<int>(), before) << "they are in their order";
    before = entry["at_ms"];
  }
}

}  // namespace
}  // namespace relapse::e2e
