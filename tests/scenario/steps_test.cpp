// SPDX-License-Identifier: GPL-2.0-or-later
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario/scenario.hpp"
#include "scenario/vocabulary.hpp"
#include "scenario_file.hpp"

namespace relapse::scenario {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kImage = "nfs: {export: {filesystem: ext4, medium: image}}";
const std::string kServer = "nodes: {server: {}}";

// With line 5 for a step: it begins in column 9.
Text withStep(const std::string& step, const std::string& more = "", const std::string& nfs = "nfs: {}") {
  return {.nfs = nfs, .steps = "steps: [" + step + "]", .more = more};
}

class Steps : public ScenarioFile {
 protected:
  Step only(const Text& text) {
    const Result<Scenario> s = loaded(text);
    EXPECT_TRUE(s) << s.error().message;
    return s ? s->steps.at(0) : Step{};
  }
  FaultStep fault(const std::string& fault, const std::string& more = "", const std::string& nfs = "nfs: {}") {
    const Step step = only(withStep("{fault: {" + fault + "}}", more, nfs));
    return std::holds_alternative<FaultStep>(step) ? std::get<FaultStep>(step) : FaultStep{};
  }
  std::string faultError(const std::string& fault, const std::string& more = "", const std::string& nfs = "nfs: {}") {
    return errorOf(withStep("{fault: {" + fault + "}}", more, nfs));
  }
  std::string workError(const std::string& work, const std::string& more = "") {
    return errorOf(withStep("{work: {" + work + "}}", more));
  }
};

// An argument for every kind, and what the guest gets for it.
struct Sample {
  std::string written, argument;
};
Sample sampleOf(const FaultKind& kind) {
  switch (kind.argument) {
    case FaultArgument::None:
      return {"true", ""};
    case FaultArgument::Name:
      return {"a-file.1", "a-file.1"};
    case FaultArgument::Size:
      return {"2MiB", "2097152"};
    case FaultArgument::Percent:
      return {"20%", "20"};
    case FaultArgument::Time:
      return {"3s", "3000"};
    case FaultArgument::TimeShift:
      return {"-2min", "-120"};
    case FaultArgument::Number:
      return {"1", "1"};
    case FaultArgument::Word:
      break;
  }
  const std::string word(kind.words.substr(0, kind.words.find(' ')));
  return {word, word};
}

TEST_F(Steps, EveryFaultIsReadWithItsArgumentWhereItsRowSays) {
  const std::map<std::string_view, std::vector<std::string>> nodes{
      {"server", {"server"}}, {"client", {"client1"}}, {"clients", {"client1", "client2"}}};
  for (const FaultKind& kind : kFaults) {
    const Sample sample = sampleOf(kind);
    const FaultStep step =
        fault(std::string(kind.name) + ": " + sample.written, "nodes: {client: {count: 2}, server: {}}", kImage);
    EXPECT_EQ(step.fault.name, kind.name);
    EXPECT_EQ(step.fault.argument, sample.argument) << kind.name;
    EXPECT_EQ(step.on, nodes.at(kind.node)) << kind.name;
    EXPECT_FALSE(step.lasts) << kind.name;
  }
}

TEST_F(Steps, ForStandsBesideWhatCanBeUndoneAlone) {
  for (const FaultKind& kind : kFaults) {
    const std::string text = std::string(kind.name) + ": " + sampleOf(kind).written + ", for: 1500ms";
    const std::string more = "nodes: {client: {count: 2}, server: {}}";
    if (kind.canBeUndone) {
      EXPECT_EQ(fault(text, more, kImage).lasts, 1500ms) << kind.name;
    } else {
      EXPECT_THAT(faultError(text, more, kImage), testing::HasSubstr("steps[0].fault.for: expected no such key beside"))
          << kind.name;
    }
  }
}

TEST_F(Steps, EveryFaultOfTheExportNeedsOne) {
  for (const FaultKind& kind : kFaults) {
    const std::string text = "{fault: {" + std::string(kind.name) + ": " + sampleOf(kind).written + "}}";
    const std::string error = errorOf(withStep(text, kServer, ""));
    const std::string missed =
        "f.yaml:5:17: steps[0].fault: expected an nfs section in the scenario for this fault, found none";
    EXPECT_EQ(error.find(missed) != std::string::npos, kind.needsNfs) << kind.name << '\n' << error;
  }
}

TEST_F(Steps, AFaultIsDoneOnTheNodesItNames) {
  const std::string three = "nodes: {client: {count: 3}, server: {}}";
  EXPECT_THAT(fault("packet-loss: 1%, on: client2", three).on, ElementsAre("client2"));
  EXPECT_THAT(fault("packet-loss: 1%, on: [server, client3]", three).on, ElementsAre("server", "client3"));
  EXPECT_THAT(fault("packet-loss: 1%, on: clients", three).on, ElementsAre("client1", "client2", "client3"));
  EXPECT_THAT(fault("packet-loss: 1%, on: [clients, client2]", three).on, ElementsAre("client1", "client2", "client3"));
  EXPECT_THAT(fault("pause-guest: true, on: client1", three).on, ElementsAre("client1"));
  EXPECT_THAT(fault("fill-export: true, on: client").on, ElementsAre("client"));
}

TEST_F(Steps, ErrorsOfFaultsPointExpectAndQuote) {
  const auto at = [](int column, const std::string& rest) { return fmt::format("f.yaml:5:{}: {}", column, rest); };
  EXPECT_EQ(faultError("packet-loss: 20"),
            at(31, "steps[0].fault.packet-loss: expected a percentage from 1% to 100%, found \"20\""));
  EXPECT_EQ(faultError("packet-loss: 0%"),
            at(31, "steps[0].fault.packet-loss: expected a percentage from 1% to 100%, found \"0%\""));
  EXPECT_EQ(faultError("packet-loss: 101%"),
            at(31, "steps[0].fault.packet-loss: expected a percentage from 1% to 100%, found \"101%\""));
  EXPECT_EQ(faultError("packet-delay: 3"),
            at(32, "steps[0].fault.packet-delay: expected a duration from 1ms to 10min, found \"3\""));
  EXPECT_EQ(faultError("clock-jump: 0s"),
            at(30,
               "steps[0].fault.clock-jump: expected a time such as 90s or -90s, up to 8760h either way, found "
               "\"0s\""));
  EXPECT_EQ(faultError("clock-jump: --5s"),
            at(30,
               "steps[0].fault.clock-jump: expected a time such as 90s or -90s, up to 8760h either way, found "
               "\"--5s\""));
  EXPECT_EQ(faultError("remove-file: ../x"),
            at(31, "steps[0].fault.remove-file: expected a plain file name such as shared, found \"../x\""));
  EXPECT_EQ(faultError("remove-file: .."),
            at(31, "steps[0].fault.remove-file: expected a plain file name such as shared, found \"..\""));
  EXPECT_EQ(faultError("forget-state: all"),
            at(32,
               "steps[0].fault.forget-state: expected one of clients, openowners, locks, delegations, found "
               "\"all\""));
  EXPECT_EQ(faultError("fill-export: true, for: 0s"),
            at(42, "steps[0].fault.for: expected a duration from 1ms to 24h, found \"0s\""));
  EXPECT_EQ(
      faultError("free-export: true, for: 1s"),
      at(42, "steps[0].fault.for: expected no such key beside free-export, which cannot be undone, found \"1s\""));
  EXPECT_EQ(faultError("fill-export: true, free-export: true").substr(0, 67),
            at(17, "steps[0].fault: expected exactly one of the keys fill-"));
  EXPECT_EQ(faultError("on: client").substr(0, 67), at(17, "steps[0].fault: expected exactly one of the keys fill-"));
  EXPECT_EQ(faultError("set-quota: 1MiB"),
            at(29, "steps[0].fault.set-quota: expected nfs.export.filesystem: ext4 for this fault, found \"tmpfs\""));
}

TEST_F(Steps, ANodeThatCannotDoItIsAnError) {
  const auto at = [](int column, const std::string& rest) { return fmt::format("f.yaml:5:{}: {}", column, rest); };
  EXPECT_EQ(faultError("packet-loss: 1%, on: server"),
            at(39, "steps[0].fault.on: expected one of client, clients, found \"server\""));
  EXPECT_EQ(faultError("packet-loss: 1%, on: [client, clinet]"),
            at(48,
               "steps[0].fault.on[1]: expected one of client, clients, found \"clinet\"; did you mean "
               "\"client\"?"));
  EXPECT_EQ(faultError("packet-loss: 1%, on: []"),
            at(39,
               "steps[0].fault.on: expected a node such as client, client2, server, or clients for all of them, or "
               "a list of such, found an empty list"));
  EXPECT_EQ(faultError("unexport: true, on: client", kServer),
            at(38, "steps[0].fault.on: expected server, which exports, found \"client\""));
  EXPECT_EQ(faultError("drop-transport: 5, on: server", kServer),
            at(41, "steps[0].fault.on: expected a client, which mounts the export, found \"server\""));
  EXPECT_EQ(faultError("link-down: true"),
            at(29,
               "steps[0].fault.link-down: expected a node `server` for this fault: a client alone has no link, "
               "found \"client\""));
  for (const std::string name : {"pause-guest", "kill-guest", "reboot-guest"}) {
    EXPECT_EQ(faultError(name + ": true", "", kImage),
              at(20 + static_cast<int>(name.size()),
                 "steps[0].fault." + name +
                     ": expected a node `server` for this fault: the client is the only guest, found \"client\""));
  }
  EXPECT_EQ(faultError("reboot-guest: true", kServer),
            at(32,
               "steps[0].fault.reboot-guest: expected nfs.export.medium: image for this fault: what lies in memory "
               "is lost, found \"ram\""));
  EXPECT_EQ(faultError("reboot-guest: true, on: client", kServer, kImage),
            at(32,
               "steps[0].fault.reboot-guest: expected the server: a client that boots again has neither mount nor "
               "work, found \"client\""));
  EXPECT_EQ(faultError("kill-guest: true, on: client", kServer),
            at(30, "steps[0].fault.kill-guest: expected a guest that is not the only client, found \"client\""));
}

TEST_F(Steps, ACpuThatIsTakenAwayIsOneOfTheNodeAndNotTheFirst) {
  EXPECT_EQ(fault("offline-cpu: 3", "nodes: {client: {cpus: 4}}").fault.argument, "3");
  const std::string key = "f.yaml:5:31: steps[0].fault.offline-cpu: expected ";
  EXPECT_EQ(faultError("offline-cpu: 4", "nodes: {client: {cpus: 4}}"),
            key + "a CPU of client from 1 to 3 (CPU 0 stays), found \"4\"");
  EXPECT_EQ(faultError("offline-cpu: 0"), key + "an integer from 1 to 1000000, found \"0\"");
  EXPECT_EQ(faultError("offline-cpu: 1", "nodes: {client: {cpus: 1}}"),
            key + "a node with more CPUs than the one of client (CPU 0 stays), found \"1\"");
  EXPECT_EQ(faultError("offline-cpu: 2, on: server", "nodes: {client: {cpus: 4}, server: {cpus: 2}}"),
            key + "a CPU of server from 1 to 1 (CPU 0 stays), found \"2\"");
}

TEST_F(Steps, WorkHoldsWhatIsWritten) {
  const Step step = only(withStep(
      "{work: {program: copiers, writers: 3, size: 1MiB, verify: true, on: [client2, client1], file: big, threads: "
      "true, as: writer, seed: 9}}",
      "nodes: {client: {count: 2}, server: {}}"));
  const auto& work = std::get<WorkStep>(step);
  EXPECT_EQ(work.size->value, 1u << 20);
  EXPECT_TRUE(work.verify);
  EXPECT_TRUE(work.threads);
  EXPECT_TRUE(work.asWriter);
  EXPECT_EQ(work.seed, 9u);
  EXPECT_EQ(work.file, "big");
  EXPECT_THAT(work.on, ElementsAre("client2", "client1"));
}

TEST_F(Steps, ATriggerComesAlwaysUnlessAChanceIsWritten) {
  const auto chance = [&](const std::string& more) {
    return std::get<WorkStep>(only(withStep("{work: {program: noncontiguous-writer" + more + "}}"))).chance;
  };
  EXPECT_EQ(chance(""), 100);
  EXPECT_EQ(chance(", chance: 30%"), 30);
}

TEST_F(Steps, WorkIsOnAllClientsByDefault) {
  const Step step = only(withStep("{work: {program: appenders}}", "nodes: {client: {count: 2}, server: {}}"));
  const auto& work = std::get<WorkStep>(step);
  EXPECT_THAT(work.on, ElementsAre("client1", "client2"));
  EXPECT_EQ(work.file, WorkStep{}.file);
  EXPECT_FALSE(work.size);
  EXPECT_FALSE(work.threads);
  EXPECT_FALSE(work.verify);
  EXPECT_FALSE(work.asWriter);
  EXPECT_FALSE(work.seed);
  EXPECT_THAT(work.arguments, IsEmpty());
}

TEST_F(Steps, EveryProgramTakesWhatItsRowSaysAndNothingElse) {
  for (const Program& program : kPrograms) {
    const std::string arguments = program.name == "fio" ? ", arguments: [--rw=write]" : "";
    const std::string start = "program: " + std::string(program.name) + arguments;
    EXPECT_EQ(workError(start), "") << program.name;
    EXPECT_EQ(workError(start + ", file: x").empty(), program.takesFile) << program.name;
    EXPECT_EQ(workError(start + ", size: 1KiB").empty(), program.takesSize) << program.name;
    EXPECT_EQ(workError(start + ", threads: true").empty(), program.takesThreads) << program.name;
    EXPECT_EQ(workError(start + ", verify: true").empty(), program.verifies) << program.name;
    EXPECT_EQ(workError(start + ", chance: 30%").empty(), program.takesChance) << program.name;
    EXPECT_EQ(workError(start + ", threads: false, verify: false, chance: 100%"), "") << program.name;
  }
}

TEST_F(Steps, ErrorsOfWorkPointExpectAndQuote) {
  EXPECT_EQ(workError("program: fio, file: x, arguments: [a]"),
            "f.yaml:5:37: steps[0].work.file: expected no such key for fio, which names its files itself");
  EXPECT_EQ(workError("program: openers, size: 1KiB"),
            "f.yaml:5:41: steps[0].work.size: expected no such key for openers, which takes none");
  EXPECT_EQ(workError("program: openers, threads: true"),
            "f.yaml:5:44: steps[0].work.threads: expected no such key for openers, whose writers are processes");
  EXPECT_EQ(workError("program: readers, verify: true"),
            "f.yaml:5:43: steps[0].work.verify: expected no such key for readers, which does not verify");
  EXPECT_EQ(workError("program: appenders, chance: 30%"),
            "f.yaml:5:45: steps[0].work.chance: expected no such key for appenders, which has no trigger");
  for (const std::string chance : {"0%", "101%", "30", "0.3"}) {
    EXPECT_EQ(workError("program: noncontiguous-writer, chance: " + chance),
              "f.yaml:5:56: steps[0].work.chance: expected a percentage from 1% to 100%, found \"" + chance + "\"");
  }
  EXPECT_EQ(workError("program: copiers, arguments: [a]"),
            "f.yaml:5:46: steps[0].work.arguments: expected no such key for copiers, fio alone takes them");
  EXPECT_EQ(workError("program: fio"),
            "f.yaml:5:26: steps[0].work.arguments: expected a list of fio's arguments for this program, found no such "
            "key");
  EXPECT_EQ(workError("program: fio, arguments: --rw=write"),
            "f.yaml:5:42: steps[0].work.arguments: expected a list of one or more, each one argument of fio(1), found "
            "\"--rw=write\"");
  EXPECT_EQ(workError("program: copiers, file: a/b"),
            "f.yaml:5:41: steps[0].work.file: expected a plain file name such as shared, found \"a/b\"");
  EXPECT_EQ(workError("program: copiers, as: nobody"),
            "f.yaml:5:39: steps[0].work.as: expected one of root, writer, found \"nobody\"");
  EXPECT_EQ(workError("program: copiers, seed: -1"),
            "f.yaml:5:41: steps[0].work.seed: expected an integer from 0 to 9223372036854775807, found \"-1\"");
  EXPECT_EQ(workError("program: copiers, size: 0B"),
            "f.yaml:5:41: steps[0].work.size: expected a size from 1B to 64GiB, found \"0B\"");
  EXPECT_EQ(workError("program: copiers, writers: 1025"),
            "f.yaml:5:44: steps[0].work.writers: expected an integer from 1 to 1024, found \"1025\"");
  EXPECT_EQ(workError("program: copiers, on: [client, server]", kServer),
            "f.yaml:5:39: steps[0].work.on: expected clients, which mount the export, found \"server\"");
  EXPECT_EQ(workError("program: copiers, on: client2"),
            "f.yaml:5:39: steps[0].work.on: expected one of client, clients, found \"client2\"; did you mean "
            "\"client\"?");
}

TEST_F(Steps, AShellsTextStandsAloneOrInAMap) {
  const Step aloneStep = only(withStep("{shell: 'echo x > /mnt/f'}"));
  const auto& alone = std::get<ShellStep>(aloneStep);
  EXPECT_EQ(alone.command, "echo x > /mnt/f");
  EXPECT_FALSE(alone.background);
  EXPECT_THAT(alone.status, ElementsAre(0));
  EXPECT_THAT(alone.on, ElementsAre("client"));
  const Step mapStep =
      only(withStep("{shell: {command: \"a\\nb\", background: true, status: [0, 255], on: server}}", kServer));
  const auto& map = std::get<ShellStep>(mapStep);
  EXPECT_EQ(map.command, "a\nb");
  EXPECT_TRUE(map.background);
  EXPECT_THAT(map.status, ElementsAre(0, 255));
  EXPECT_THAT(map.on, ElementsAre("server"));
}

TEST_F(Steps, AWaitIsATime) {
  EXPECT_EQ(std::get<WaitStep>(only(withStep("{wait: 300ms}"))).time, 300ms);
  EXPECT_EQ(std::get<WaitStep>(only(withStep("{wait: 3s}"))).time, 3s);
}

TEST_F(Steps, NeedNoExportToWaitOrToRunAShell) {
  EXPECT_EQ(errorOf(withStep("{wait: 1s}, {shell: ls}", "", "")), "");
}

TEST_F(Steps, ErrorsOfShellsAndWaitsPointExpectAndQuote) {
  EXPECT_EQ(errorOf(withStep("{shell: ''}")),
            "f.yaml:5:17: steps[0].shell.command: expected text for a shell, found \"\"");
  EXPECT_EQ(errorOf(withStep("{shell: }")),
            "f.yaml:5:10: steps[0].shell: expected the value of command or a map with one of the keys command, "
            "background, status, on, found nothing");
  EXPECT_EQ(errorOf(withStep("{shell: [a]}")),
            "f.yaml:5:17: steps[0].shell: expected the value of command or a map with one of the keys command, "
            "background, status, on, found a list");
  EXPECT_EQ(errorOf(withStep("{shell: {command: x, status: 256}}")),
            "f.yaml:5:38: steps[0].shell.status: expected an exit status from 0 to 255, found \"256\"");
  EXPECT_EQ(errorOf(withStep("{wait: 0s}")),
            "f.yaml:5:16: steps[0].wait: expected a duration from 1ms to 1h, found \"0s\"");
  EXPECT_EQ(errorOf(withStep("{wait: {}}")),
            "f.yaml:5:16: steps[0].wait: expected a duration from 1ms to 1h, found a map");
}

TEST_F(Steps, AreAtMostAThousand) {
  std::string steps = "{wait: 1ms}";
  for (int i = 1; i < 1000; ++i) steps += ", {wait: 1ms}";
  EXPECT_EQ(errorOf(withStep(steps)), "");
  EXPECT_EQ(errorOf(withStep(steps + ", {wait: 1ms}")), "f.yaml:5:8: steps: expected at most 1000 items, found 1001");
}

TEST_F(Steps, WaitsLongerThanTheDeadlineAreAnError) {
  EXPECT_EQ(errorOf(withStep("{wait: 30s}, {wait: 29999ms}")), "");
  EXPECT_EQ(
      errorOf(withStep("{wait: 30s}, {wait: 30s}, {wait: 1s}")),
      "f.yaml:5:29: steps[1].wait: expected waits of less than deadlines.reproduce (1min) together, found \"1min\"");
}

}  // namespace
}  // namespace relapse::scenario
