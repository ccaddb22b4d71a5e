// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>

#include "bisect_world.hpp"

namespace relapse::campaign {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

BisectBegun begunOfFour() {
  BisectBegun begun;
  begun.id = "20261128T120000Z-s";
  begun.relapse = "0.1";
  begun.startedAt = "2026-11-28T12:00:00Z";
  begun.scenario = "s";
  begun.scenarioSum = "abc";
  begun.arguments = {"scenario=/s.yaml", "set=a=\"b\"\n"};
  begun.plan = planOfPatches(4);
  begun.question.confidence = 0.99;
  begun.question.fixedBy = true;
  begun.target = kLockup;
  begun.learn = true;
  begun.subset = true;
  return begun;
}

std::vector<BisectEvent> oneOfEach() {
  TryEnded bad{3, "4-2", true, bisect::Saw::Bad, kLockup, "", milliseconds(1234), "/runs/3"};
  TryEnded nothing{4, "0+2", false, bisect::Saw::Inconclusive, "", "no \"answer\"\n", milliseconds(0), ""};
  return {begunOfFour(),
          TargetLearnt{kOops},
          KernelBuilt{"4-2", milliseconds(60'000), "debian-6.1", "sum", "6.1.192", true},
          KernelSkipped{"0+2", "write.c:1: error\nmore"},
          TryStarted{3, "4-2", true},
          bad,
          nothing,
          BisectResumed{"2026-11-28T13:00:00Z"},
          BisectEnded{"found", "2026-11-28T14:00:00Z", milliseconds(5)}};
}

std::string textOf(const std::vector<BisectEvent>& events) {
  std::string text;
  for (const auto& event : events) text += lineOf(event) + "\n";
  return text;
}

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(BisectEvents, EachComesBackFromItsLine) {
  for (const auto& event : oneOfEach()) {
    const std::string line = lineOf(event);
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    const auto back = eventOf(line);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->index(), event.index());
    EXPECT_EQ(lineOf(*back), line);
  }
}

TEST(BisectEvents, KeepWhatTheySay) {
  const auto events = eventsOf(textOf(oneOfEach()), "f");
  ASSERT_TRUE(events) << events.error().message;
  const auto& begun = std::get<BisectBegun>((*events)[0]);
  EXPECT_EQ(begun.arguments, begunOfFour().arguments);
  EXPECT_EQ(begun.question.confidence, 0.99);
  EXPECT_TRUE(begun.question.fixedBy && begun.learn && begun.subset);
  const auto& ended = std::get<TryEnded>((*events)[5]);
  EXPECT_EQ(ended.number, 3);
  EXPECT_EQ(ended.saw, bisect::Saw::Bad);
  EXPECT_EQ(ended.signature, kLockup);
  EXPECT_EQ(ended.took, milliseconds(1234));
  EXPECT_EQ(ended.run, "/runs/3");
  EXPECT_TRUE(ended.settles);
  EXPECT_EQ(std::get<TryEnded>((*events)[6]).reason, "no \"answer\"\n");
}

TEST(BisectEvents, OfEverySawComeBack) {
  for (const auto saw : {bisect::Saw::Bad, bisect::Saw::Good, bisect::Saw::Other, bisect::Saw::Inconclusive}) {
    TryEnded ended;
    ended.saw = saw;
    EXPECT_EQ(std::get<TryEnded>(*eventOf(lineOf(ended))).saw, saw);
  }
}

TEST(BisectEvents, OfAnythingElseAreBadInput) {
  for (const char* line :
       {"", "{}", "[]", "3", "null", "{", "{\"event\":3}", "{\"event\":\"lots\"}", "{\"event\":\"tried\"}",
        "{\"event\":\"tried\",\"try\":\"x\"}", "{\"event\":\"begun\",\"version\":1}",
        "{\"event\":\"begun\",\"version\":1,\"plan\":[]}", "\xff\xfe"}) {
    const auto event = eventOf(line);
    ASSERT_FALSE(event) << line;
    EXPECT_EQ(event.error().kind, FailureKind::BadInput);
  }
}

TEST(BisectEvents, OfASawThatThereIsNotAreBadInput) {
  std::string line = lineOf(TryEnded{1, "0", false, bisect::Saw::Good, "", "", milliseconds(1), ""});
  line.replace(line.find("\"good\""), 6, "\"fine\"");
  EXPECT_FALSE(eventOf(line)) << "absence of a word is no result";
}

TEST(BisectLogText, CutAnywhereIsWhatWasWholeBefore) {
  const std::string text = textOf(oneOfEach());
  const auto beginning = text.find('\n') + 1;
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const auto events = eventsOf(text.substr(0, length), "f");
    ASSERT_EQ(events.has_value(), length >= beginning) << length;
    if (!events) continue;
    EXPECT_EQ(textOf(*events), text.substr(0, text.rfind('\n', length - 1) + 1));
  }
}

TEST(BisectLogText, PassesOverLinesForAReader) {
  const auto events = eventsOf("# a story\n" + lineOf(begunOfFour()) + "\n\n# {\"event\": 3}\n", "f");
  ASSERT_TRUE(events) << events.error().message;
  EXPECT_THAT(*events, SizeIs(1));
}

TEST(BisectLogText, ThatIsBrokenPointsAtTheLine) {
  const std::string begin = lineOf(begunOfFour()) + "\n";
  const auto started = [](const char* kernel) { return lineOf(TryStarted{1, kernel, false}) + "\n"; };
  std::string newer = begin;
  newer.replace(newer.find("\"version\":1"), 11, "\"version\":2");
  struct Row {
    std::string text;
    const char* where;
    const char* words;
  };
  const Row rows[] = {{begin + "# x\nlots\n" + started("1"), "a.log:3: ", "expected an event"},
                      {begin + begin, "a.log:2: ", "one beginning"},
                      {started("1") + begin, "a.log:1: ", "one beginning"},
                      {begin + started("5"), "a.log:2: ", "kernel that there is not"},
                      {begin + started("4-5"), "a.log:2: ", "kernel that there is not"},
                      {begin + started("0+0"), "a.log:2: ", "kernel that there is not"},
                      {begin + started("x"), "a.log:2: ", "kernel that there is not"},
                      {newer, "a.log:1: ", "newer relapse"},
                      {"", "a.log: ", "found none"},
                      {"# nothing\n", "a.log: ", "found none"}};
  for (const auto& [text, where, words] : rows) {
    const auto events = eventsOf(text, "a.log");
    ASSERT_FALSE(events) << text;
    EXPECT_EQ(events.error().kind, FailureKind::BadInput);
    EXPECT_THAT(events.error().message, AllOf(StartsWith(where), HasSubstr(words)));
  }
}

TEST(BisectLogText, WithAQuestionThatCannotBeAnsweredIsBadInput) {
  for (const double confidence : {0.0, 0.5, 1.0, 5.0, -1.0}) {
    auto begun = begunOfFour();
    begun.question.confidence = confidence;
    EXPECT_FALSE(eventsOf(lineOf(begun) + "\n", "f")) << confidence;
  }
}

class BisectLogFile : public testing::Test {
 protected:
  BisectLogFile() {
    std::string pattern = testing::TempDir() + "bisect-log-XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~BisectLogFile() override { fs::remove_all(root_); }

  fs::path root_;
};

TEST_F(BisectLogFile, IsAppendedToAndLosesAHalfLine) {
  const fs::path file = root_ / "a.log";
  {
    auto log = BisectLog::open(file);
    ASSERT_TRUE(log) << log.error().message;
    ASSERT_TRUE(log->add(begunOfFour()));
    ASSERT_TRUE(log->tell("one\ntwo"));
  }
  const std::string whole = lineOf(begunOfFour()) + "\n# one\n# two\n";
  EXPECT_EQ(read(file), whole);
  std::ofstream(file, std::ios::app) << "{\"event\":\"tri";
  auto log = BisectLog::open(file);
  ASSERT_TRUE(log);
  EXPECT_EQ(read(file), whole);
  ASSERT_TRUE(log->add(TargetLearnt{"x"}));
  EXPECT_EQ(read(file), whole + lineOf(TargetLearnt{"x"}) + "\n");
}

TEST_F(BisectLogFile, OfHalfALineAloneIsEmpty) {
  std::ofstream(root_ / "a.log") << "{\"event\"";
  ASSERT_TRUE(BisectLog::open(root_ / "a.log"));
  EXPECT_EQ(read(root_ / "a.log"), "");
}

TEST_F(BisectLogFile, ThatCannotBeMadeIsAnError) {
  const auto log = BisectLog::open(root_ / "none/a.log");
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().kind, FailureKind::Exhausted);
}

TEST_F(BisectLogFile, OnAFullDiskIsAnErrorAndLosesNoLineThatWasWhole) {
  auto log = BisectLog::open(root_ / "a.log");
  ASSERT_TRUE(log && log->tell("one"));
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit full{20, before.rlim_max};
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &full);
  const auto added = log->add(begunOfFour());
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, FailureKind::Exhausted);
  EXPECT_THAT(added.error().message, AllOf(HasSubstr("a.log: not written: "), Not(HasSubstr("Success"))));
  EXPECT_EQ(fs::file_size(root_ / "a.log"), 20U);
  ASSERT_TRUE(BisectLog::open(root_ / "a.log"));
  EXPECT_EQ(read(root_ / "a.log"), "# one\n");
}

}  // namespace
}  // namespace relapse::campaign
