// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped scenarios, for real: debian-6.1 is built (or taken from the cache), booted, broken.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "checksum/checksum.hpp"
#include "relapse_program.hpp"

namespace relapse::e2e {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

std::vector<std::string> symbols(const json& event) {
  std::vector<std::string> all;
  for (const auto& frame : event["frames"]) all.push_back(frame["symbol"]);
  return all;
}

const json& decisive(const Ran& ran, std::size_t which = 0) {
  return ran.result["events"][ran.result["verdict"]["events"][which].get<std::size_t>()];
}

std::string artefactSum(const json& result, const std::string& name) {
  for (const auto& file : result["artefacts"])
    if (file["name"] == name) return file.value("sha256", "");
  return "missing";
}

#define ASSERT_VERDICT(ran, word, exitStatus)                                                  \
  ASSERT_TRUE((ran).result.is_object()) << (ran).output << (ran).errors;                       \
  ASSERT_EQ((ran).result["verdict"]["word"], word) << (ran).result["verdict"] << (ran).errors; \
  ASSERT_EQ((ran).status, exitStatus)

TEST(Scenario, SoftLockupIsReproduced) {
  const StateFolder state;
  const Ran ran = relapse(state, {"run", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1"});
  ASSERT_VERDICT(ran, "reproduced", 0);
  EXPECT_EQ(ran.result["verdict"]["signature"], "soft lockup in nfs_wb_page");
  EXPECT_EQ(decisive(ran)["event"], "soft-lockup");
  EXPECT_THAT(symbols(decisive(ran)), Contains("nfs_wb_page"));
  EXPECT_EQ(ran.result["kernel"]["patches"].size(), 3u);
  for (const char* file : {"console.client.log", "user.client.log", "events.jsonl", "registers.json", "bundle/Image",
                           "bundle/vmlinux", "bundle/config", "bundle/domain.client.xml", "bundle/series/6.1/series"})
    EXPECT_TRUE(std::filesystem::exists(state.onlyRun() / file)) << file;
  for (const char* file : {"vmcore", "bundle/Image", "bundle/vmlinux"})
    EXPECT_EQ(checksum::ofFile(state.onlyRun() / file).value_or(""), artefactSum(ran.result, file)) << file;
}

TEST(Scenario, NullPointerDereferenceIsReproduced) {
  const StateFolder state;
  const Ran ran = relapse(state, {"run", "nfs-updatepage-null-deref", "--kernel", "debian-6.1"});
  ASSERT_VERDICT(ran, "reproduced", 0);
  EXPECT_EQ(decisive(ran)["event"], "oops");
  EXPECT_THAT(symbols(decisive(ran)), Contains("nfs_updatepage"));
}

TEST(Scenario, TheFixSurvives) {
  const StateFolder state;
  const Ran ran = relapse(state, {"run", "nfs-fatal-error-fixed", "--kernel", "debian-6.1"});
  ASSERT_VERDICT(ran, "survived", 0);
  EXPECT_EQ(ran.result["works"][0]["errno"], "ENOSPC");
  for (const auto& [proof, held] : ran.result["proofs"].items()) EXPECT_TRUE(held.get<bool>()) << proof;
}

TEST(Scenario, TheDebugPatchsLinesAreSeenAndAreNoFailure) {
  const StateFolder state;
  const Ran ran = relapse(state, {"run", "nfs-error-is-fatal-debug", "--kernel", "debian-6.1"});
  ASSERT_VERDICT(ran, "reproduced", 0);
  EXPECT_EQ(decisive(ran, 0)["event"], "dump-stack");
  EXPECT_THAT(decisive(ran, 0)["message"].get<std::string>(),
              testing::MatchesRegex(".*nfs_error_is_fatal:[0-9]+, err:-28.*"));
  EXPECT_EQ(decisive(ran, 1)["event"], "soft-lockup");
}

TEST(Scenario, ALockupThatPrintingMadeIsToldFromTheBug) {
  const StateFolder state;
  const Ran asked = relapse(state, {"run", "nfs-wb-page-artefact", "--kernel", "debian-6.1"});
  ASSERT_VERDICT(asked, "reproduced", 0);
  EXPECT_EQ(decisive(asked)["artefact"], "console-output");
  EXPECT_THAT(symbols(decisive(asked)), Contains("dump_stack"));

  const Ran notAsked = relapse(state, {"run", "nfs-wb-page-artefact", "--kernel", "debian-6.1", "--set",
                                       "expect={reproduced: {event: soft-lockup, frames: [nfs_page_async_flush]}}",
                                       "--set", "deadlines.reproduce=25s"});
  ASSERT_VERDICT(notAsked, "inconclusive", 125);
  EXPECT_THAT(notAsked.result["verdict"]["reason"].get<std::string>(), HasSubstr("kept by printing (console-output)"));
}

TEST(Scenario, SurvivedIsNotBlindness) {
  const StateFolder state;
  // The fixed kernel's own scenario; then its guest is locked up by the kernel's crash test.
  const std::string steps =
      "steps=[fault: {fill-export: true},"
      " work: {program: noncontiguous-writer, background: true, outcome: [ENOSPC]},"
      " work: {program: appenders, writers: 4, after: noncontiguous-writer, outcome: [ok, ENOSPC]},"
      " fault: {free-export: true}, work: {program: write-and-read-back}, fault: {lkdtm: SOFTLOCKUP}]";
  const std::string expect = "expect={reproduced: {event: soft-lockup, frames: [lkdtm_SOFTLOCKUP]}}";
  const Ran ran =
      relapse(state, {"run", "nfs-fatal-error-fixed", "--kernel", "debian-6.1", "--set", steps, "--set", expect});
  ASSERT_VERDICT(ran, "reproduced", 0);
  EXPECT_THAT(symbols(decisive(ran)), Contains("lkdtm_SOFTLOCKUP"));
  EXPECT_EQ(ran.result["works"].size(), 3u);
  for (const auto& work : ran.result["works"]) EXPECT_EQ(work["result"], "done") << "it had survived until then";
}

TEST(Scenario, TheLockupScenarioOnTheFixedKernelSurvives) {
  const StateFolder state;
  const std::string series = "kernel.series=series/nfs-fatal-error-fixed";
  const Ran ran = relapse(state, {"run", "nfs-wb-page-soft-lockup", "--kernel", "debian-6.1", "--set", series});
  ASSERT_VERDICT(ran, "survived", 1);
  EXPECT_FALSE(ran.result["verdict"]["held"].get<bool>());
}

}  // namespace
}  // namespace relapse::e2e
