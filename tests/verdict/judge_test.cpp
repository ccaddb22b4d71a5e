// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/judge.hpp"

#include <gtest/gtest.h>

#include "console/values.hpp"
#include "scenario/vocabulary.hpp"

namespace relapse::verdict {
namespace {

using console::ConsoleEvent;
using console::EventKind;

ConsoleEvent event(EventKind kind, std::vector<std::string> frames = {}, std::string message = {}) {
  ConsoleEvent made;
  made.kind = kind;
  made.message = std::move(message);
  for (auto& symbol : frames) {
    console::RawFrame frame;
    frame.symbol = std::move(symbol);
    frame.offset = 4;
    made.frames.push_back(frame);
  }
  return made;
}

ConsoleEvent lockup() {
  return event(EventKind::SoftLockup, {"clear_page_dirty_for_io", "nfs_wb_page.isra.0", "nfs_updatepage"});
}

const scenario::Expectation kLockup = scenario::ExpectReproduced{{{"soft-lockup", {"nfs_wb_page"}, "", ""}}};
const scenario::Expectation kSurvived = scenario::ExpectSurvived{};

Observations healthy() {
  Observations seen;
  seen.proofs = {true, true, true, true, true};
  WorkOutcome work{"appenders", {"ok", "ENOSPC"}, guest::Exited{0}, guest::WorkloadReport{"done", "ENOSPC", "{}"}};
  seen.works.push_back(work);
  return seen;
}

Observations with(std::vector<ConsoleEvent> events) {
  Observations seen = healthy();
  seen.events = std::move(events);
  return seen;
}

TEST(Verdict, NothingObservedIsInconclusive) {
  EXPECT_EQ(word(judge(kLockup, {})), "inconclusive");
  EXPECT_EQ(word(judge(kSurvived, {})), "inconclusive");
  EXPECT_EQ(word(Verdict{}), "inconclusive");
}

TEST(Verdict, TheExpectedEventIsReproduced) {
  const auto verdict = judge(kLockup, with({event(EventKind::BootMilestone), lockup()}));
  ASSERT_EQ(word(verdict), "reproduced");
  EXPECT_EQ(std::get<Reproduced>(verdict).events, std::vector<std::size_t>{1});
  EXPECT_EQ(std::get<Reproduced>(verdict).signature, "soft lockup in nfs_wb_page");
}

TEST(Verdict, ItsSignatureDoesNotHangOnWhereTheSpinWasCaught) {
  const auto elsewhere = event(EventKind::SoftLockup, {"folio_mkclean", "nfs_wb_page", "nfs_updatepage"});
  EXPECT_EQ(std::get<Reproduced>(judge(kLockup, with({elsewhere}))).signature,
            std::get<Reproduced>(judge(kLockup, with({lockup()}))).signature);
}

TEST(Verdict, ASpinIsNamedByWhatItsSamplesShareWithItsReport) {
  auto report = lockup();
  report.cpu = 1;
  Observations seen = with({report});
  seen.sampled[1] = {"nfs_wb_page", "nfs_updatepage"};
  const scenario::Expectation other = scenario::ExpectReproduced{{{"soft-lockup", {"ext4_writepage"}, "", ""}}};
  const auto verdict = judge(other, seen);
  ASSERT_EQ(word(verdict), "other-failure");
  EXPECT_EQ(std::get<OtherFailure>(verdict).signature, "soft lockup in nfs_wb_page");

  seen.sampled = {{0, {"nfs_updatepage"}}};  // another CPU's
  EXPECT_EQ(std::get<OtherFailure>(judge(other, seen)).signature, "soft lockup in clear_page_dirty_for_io");
}

TEST(Verdict, AnotherLockupIsAnotherFailure) {
  EXPECT_EQ(word(judge(kLockup, with({event(EventKind::SoftLockup, {"ext4_writepages"})}))), "other-failure");
}

TEST(Verdict, FramesMustComeInTheirOrder) {
  const scenario::Expectation ordered =
      scenario::ExpectReproduced{{{"soft-lockup", {"nfs_updatepage", "nfs_wb_page"}, ""}}};
  EXPECT_EQ(word(judge(ordered, with({lockup()}))), "other-failure");
}

TEST(Verdict, AnOopsBeforeTheExpectedEventIsAnotherFailure) {
  for (const auto kind : {EventKind::Oops, EventKind::KernelBug, EventKind::Panic}) {
    EXPECT_EQ(word(judge(kLockup, with({event(kind), lockup()}))), "other-failure");
    EXPECT_EQ(word(judge(kLockup, with({lockup(), event(kind)}))), "reproduced");
  }
  EXPECT_EQ(word(judge(kLockup, with({event(EventKind::Warning), lockup()}))), "reproduced");
}

TEST(Verdict, AllExpectedEventsMustCome) {
  const scenario::Expectation both = scenario::ExpectReproduced{
      {{"dump-stack", {}, "nfs_error_is_fatal:[0-9]+, err:-28"}, {"soft-lockup", {"nfs_wb_page"}, ""}}};
  const auto dump = event(EventKind::DumpStack, {"nfs_page_async_flush"}, "nfs_error_is_fatal:760, err:-28");
  EXPECT_EQ(word(judge(both, with({lockup()}))), "other-failure");
  EXPECT_EQ(word(judge(both, with({dump}))), "survived") << "a dump_stack is no failure";
  const auto verdict = judge(both, with({dump, lockup()}));
  ASSERT_EQ(word(verdict), "reproduced");
  EXPECT_EQ(std::get<Reproduced>(verdict).signature, "soft lockup in nfs_wb_page");
  const auto other = event(EventKind::DumpStack, {"nfs_page_async_flush"}, "nfs_error_is_fatal:760, err:-5");
  EXPECT_NE(word(judge(both, with({other, lockup()}))), "reproduced");
}

TEST(Verdict, SurvivedNeedsEveryProof) {
  EXPECT_EQ(word(judge(kSurvived, healthy())), "survived");
  for (bool Proofs::*proof : {&Proofs::watchReadBack, &Proofs::markerSeen, &Proofs::writeAndRead, &Proofs::windowPassed,
                              &Proofs::stepsTaken}) {
    Observations seen = healthy();
    seen.proofs.*proof = false;
    EXPECT_EQ(word(judge(kSurvived, seen)), "inconclusive");
  }
}

TEST(Verdict, InfrastructureIsNeverBlamedOnTheKernel) {
  Observations seen = healthy();
  seen.infrastructure = "the disk is full";
  EXPECT_EQ(std::get<Inconclusive>(judge(kSurvived, seen)).reason, "the disk is full");
  for (const guest::GuestEnd& end : {guest::GuestEnd{guest::PoweredOff{}}, guest::GuestEnd{guest::Reset{}},
                                     guest::GuestEnd{guest::QemuDied{"gone"}}}) {
    seen = healthy();
    seen.guest = end;
    EXPECT_EQ(word(judge(kSurvived, seen)), "inconclusive");
    EXPECT_EQ(word(judge(kLockup, seen)), "inconclusive");
  }
}

TEST(Verdict, WhatHappenedBeforeTheInfrastructureFailedStillCounts) {
  Observations seen = with({lockup()});
  seen.infrastructure = "the memory dump failed";
  seen.guest = guest::QemuDied{"gone"};
  EXPECT_EQ(word(judge(kLockup, seen)), "reproduced");
}

TEST(Verdict, AWorkloadWithoutAnAllowedEndIsNoSurvival) {
  const WorkOutcome good{"writer", {"ENOSPC"}, guest::Exited{0}, guest::WorkloadReport{"done", "ENOSPC", "{}"}};
  EXPECT_FALSE(disallowed(good));
  std::vector<WorkOutcome> bad(8, good);
  bad[0].end = guest::Exited{1};
  bad[1].end = guest::Killed{11};
  bad[2].end = guest::NotStarted{"ENOENT"};
  bad[3].end = guest::DeadlinePassed{};
  bad[4].end = guest::GuestDied{};
  bad[5].report.reset();
  bad[6].report->error.reset();
  bad[7].report->result = "failed";
  for (const auto& work : bad) {
    EXPECT_TRUE(disallowed(work));
    Observations seen = healthy();
    seen.works = {work};
    EXPECT_EQ(word(judge(kSurvived, seen)), "inconclusive");
  }
}

TEST(Verdict, AFailureWhereSurvivalWasExpectedIsAnotherFailure) {
  for (const auto kind : {EventKind::SoftLockup, EventKind::Warning, EventKind::StuckWorkload, EventKind::WorkFailed})
    EXPECT_EQ(word(judge(kSurvived, with({event(kind)}))), "other-failure");
}

TEST(Verdict, ExitStatuses) {
  EXPECT_EQ(exitStatus(kLockup, Reproduced{}), 0);
  EXPECT_EQ(exitStatus(kLockup, Survived{}), 1);
  EXPECT_EQ(exitStatus(kLockup, OtherFailure{}), 2);
  EXPECT_EQ(exitStatus(kLockup, Inconclusive{}), 125);
  EXPECT_EQ(exitStatus(kSurvived, Survived{}), 0);
  EXPECT_EQ(exitStatus(kSurvived, OtherFailure{}), 2);
  EXPECT_EQ(bisectStatus(Survived{}), 0);
  EXPECT_EQ(bisectStatus(Reproduced{}), 1);
  EXPECT_EQ(bisectStatus(OtherFailure{}), 125);
  EXPECT_EQ(bisectStatus(Inconclusive{}), 125);
}

TEST(Decided, OnlyByWhatCannotBeUndone) {
  EXPECT_FALSE(decided(kLockup, {event(EventKind::Warning), event(EventKind::HungTask)}));
  EXPECT_TRUE(decided(kLockup, {lockup()}));
  EXPECT_TRUE(decided(kLockup, {event(EventKind::Oops)}));
  EXPECT_TRUE(decided(kSurvived, {event(EventKind::Warning)}));
  EXPECT_FALSE(decided(kSurvived, {event(EventKind::DumpStack), event(EventKind::NfsServer)}));
}

TEST(Words, ScenariosMayExpectExactlyTheConsolesEvents) {
  for (const auto name : scenario::eventNames()) EXPECT_TRUE(console::eventKindNamed(name)) << name;
}

TEST(Words, ScenariosMayExpectExactlyTheConsolesArtefacts) {
  for (const auto name : scenario::kArtefacts) EXPECT_TRUE(console::artefactNamed(name)) << name;
}

ConsoleEvent printing() {
  ConsoleEvent made = lockup();
  made.title = "soft lockup in nfs_wb_page";
  made.artefact = console::Artefact::ConsoleOutput;
  return made;
}

TEST(ArtefactOfTheConsole, IsNotTheBug) {
  const auto verdict = judge(kLockup, with({printing()}));
  ASSERT_EQ(word(verdict), "inconclusive");
  EXPECT_EQ(std::get<Inconclusive>(verdict).reason,
            "soft lockup in nfs_wb_page, but its CPU was kept by printing (console-output): instrument less, or with a "
            "faster console");
  EXPECT_FALSE(decided(kLockup, {printing()}));
}

TEST(ArtefactOfTheConsole, IsTheBugWhenTheScenarioAsksForIt) {
  const scenario::Expectation wanted =
      scenario::ExpectReproduced{{{"soft-lockup", {"nfs_wb_page"}, "", "console-output"}}};
  EXPECT_EQ(word(judge(wanted, with({printing()}))), "reproduced");
  EXPECT_EQ(word(judge(wanted, with({lockup()}))), "other-failure");
  EXPECT_TRUE(decided(wanted, {printing()}));
}

TEST(ArtefactOfTheConsole, IsNeitherSurvivalNorAFailure) {
  EXPECT_EQ(word(judge(kSurvived, with({printing()}))), "inconclusive");
  EXPECT_FALSE(decided(kSurvived, {printing()}));
}

TEST(ArtefactOfTheConsole, ExplainsTheStallsThatFollowButNoCrash) {
  for (const auto kind : {EventKind::SoftLockup, EventKind::HungTask, EventKind::RcuStall, EventKind::StuckWorkload}) {
    EXPECT_EQ(word(judge(kLockup, with({printing(), event(kind)}))), "inconclusive");
    EXPECT_EQ(word(judge(kLockup, with({event(kind), printing()}))), "other-failure");
  }
  EXPECT_EQ(word(judge(kLockup, with({printing(), event(EventKind::Warning)}))), "other-failure");
  EXPECT_EQ(word(judge(kLockup, with({printing(), event(EventKind::Oops)}))), "other-failure");
}

TEST(ArtefactOfTheConsole, IsNotToldFromAReportThatWasCutOff) {
  const scenario::Expectation any = scenario::ExpectReproduced{{{"soft-lockup", {}, "", ""}}};
  ConsoleEvent cut = lockup();
  cut.frames.resize(2);  // pc and lr
  EXPECT_EQ(word(judge(any, with({printing(), cut}))), "inconclusive");
  EXPECT_EQ(word(judge(any, with({cut}))), "reproduced");
  EXPECT_EQ(word(judge(any, with({printing(), lockup()}))), "reproduced");
}

TEST(ArtefactOfTheConsole, DoesNotHideTheBugBehindIt) {
  const auto verdict = judge(kLockup, with({printing(), lockup()}));
  ASSERT_EQ(word(verdict), "reproduced");
  EXPECT_EQ(std::get<Reproduced>(verdict).events, std::vector<std::size_t>{1});
}

}  // namespace
}  // namespace relapse::verdict
