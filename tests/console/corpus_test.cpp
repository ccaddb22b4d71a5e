// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "corpus.hpp"

namespace relapse::console {
namespace {

std::string orDash(const std::string& text) {
  return text.empty() ? "-" : text;
}
std::string orDash(const std::optional<int>& number) {
  return number ? std::to_string(*number) : "-";
}

bool isSubsequence(const std::vector<std::string>& wanted, const std::vector<RawFrame>& frames) {
  auto from = frames.begin();
  for (const std::string& symbol : wanted) {
    from = std::find_if(from, frames.end(), [&](const RawFrame& frame) { return frame.symbol == symbol; });
    if (from == frames.end()) return false;
    ++from;
  }
  return true;
}

void expectEvent(const Expected& expected, const ConsoleEvent& event) {
  SCOPED_TRACE(described(event));
  EXPECT_EQ(expected.kind, name(event.kind));
  EXPECT_EQ(expected.title, event.title);
  EXPECT_EQ(expected.cpu, orDash(event.cpu));
  EXPECT_EQ(expected.task, orDash(event.task));
  EXPECT_EQ(expected.pid, orDash(event.pid));
  EXPECT_TRUE(isSubsequence(expected.frames, event.frames)) << "frames";
  EXPECT_EQ(expected.frames.empty(), event.frames.empty()) << "a trace where none is expected, or none";
  if (expected.message) {
    EXPECT_EQ(*expected.message, event.message);
  }
  if (expected.taint) {
    EXPECT_EQ(*expected.taint, event.taint);
  }
  if (expected.release) {
    EXPECT_EQ(*expected.release, event.release);
  }
  if (expected.module) {
    EXPECT_EQ(*expected.module, event.frames.at(0).module);
  }
  if (expected.lr) {
    EXPECT_EQ(*expected.lr, event.lr.value().symbol);
  }
}

std::string signatureOfFirstKind(std::vector<ConsoleEvent> events) {
  const EventKind kind = events.at(0).kind;
  std::erase_if(events, [&](const ConsoleEvent& event) { return event.kind != kind; });
  return signature(events);
}

std::vector<std::size_t> everyByte(const std::string& log) {
  std::vector<std::size_t> cuts(log.size());
  std::iota(cuts.begin(), cuts.end(), 0u);
  return cuts;
}

// Where to cut a log: everywhere when it is small, else at places that visit all phases of a line.
std::vector<std::size_t> cutsOf(const std::string& log) {
  const std::size_t stride = log.size() <= 1200 ? 1 : log.size() / 127 + 1;
  std::vector<std::size_t> cuts;
  for (std::size_t at = 0; at <= log.size(); at += stride) cuts.push_back(at);
  return cuts;
}

class Corpus : public testing::TestWithParam<CorpusFile> {};

TEST_P(Corpus, YieldsTheExpectedEvents) {
  const auto events = parsed(GetParam().log);
  ASSERT_EQ(GetParam().expected.size(), events.size()) << described(events);
  for (std::size_t i = 0; i < events.size(); ++i) expectEvent(GetParam().expected[i], events[i]);
  if (GetParam().signature) {
    EXPECT_EQ(*GetParam().signature, signatureOfFirstKind(events));
  }
}

TEST_P(Corpus, CountsTraceLinesWithoutAReport) {
  ConsoleParser parser;
  parser.feed({GetParam().log, Instant{0}});
  parser.finish();
  EXPECT_EQ(GetParam().stray.value_or("0"), std::to_string(parser.counts().strayFrames));
}

TEST_P(Corpus, YieldsTheSameEventsInAnyTwoPieces) {
  const std::string whole = described(parsed(GetParam().log));
  for (const std::size_t cut : cutsOf(GetParam().log)) {
    ASSERT_EQ(whole, described(parsed(GetParam().log, {cut}))) << "cut at byte " << cut;
  }
}

TEST_P(Corpus, YieldsTheSameEventsByteByByte) {
  EXPECT_EQ(described(parsed(GetParam().log)), described(parsed(GetParam().log, everyByte(GetParam().log))));
}

TEST_P(Corpus, NeverYieldsAnotherKindForAPrefix) {
  std::map<std::uint64_t, EventKind> kinds;
  for (const ConsoleEvent& event : parsed(GetParam().log)) kinds[event.span.first] = event.kind;
  for (const std::size_t cut : cutsOf(GetParam().log)) {
    for (const ConsoleEvent& event : parsed(GetParam().log.substr(0, cut))) {
      const auto whole = kinds.find(event.span.first);
      ASSERT_NE(whole, kinds.end()) << "prefix of " << cut << " bytes: " << described(event);
      ASSERT_EQ(whole->second, event.kind) << "prefix of " << cut << " bytes: " << described(event);
    }
  }
}

TEST_P(Corpus, SpansBeginAndEndAtLinesOfTheLog) {
  const std::string& log = GetParam().log;
  std::uint64_t last = 0;
  for (const ConsoleEvent& event : parsed(log)) {
    ASSERT_LT(event.span.first, event.span.past);
    ASSERT_LE(event.span.past, log.size());
    EXPECT_TRUE(event.span.first == 0 || log[event.span.first - 1] == '\n');
    EXPECT_EQ('\n', log[event.span.past]);
    EXPECT_LE(last, event.span.first) << "events come in the order in which they begin";
    last = event.span.first;
    const std::string_view text = std::string_view(log).substr(event.span.first, event.span.past - event.span.first);
    EXPECT_NE(text.find(event.message), std::string_view::npos);
    for (const RawFrame& frame : event.frames) EXPECT_NE(text.find(frame.text), std::string_view::npos) << frame.text;
  }
}

TEST_P(Corpus, YieldsTheSameTitlesWithCarriageReturns) {
  std::string log;
  for (const char c : GetParam().log) log += c == '\n' ? "\r\n" : std::string(1, c);
  const auto plain = parsed(GetParam().log);
  const auto returned = parsed(log);
  ASSERT_EQ(plain.size(), returned.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_EQ(plain[i].title, returned[i].title);
    EXPECT_EQ(plain[i].frames.size(), returned[i].frames.size());
  }
}

std::string testName(const testing::TestParamInfo<CorpusFile>& info) {
  const auto& path = info.param.path;
  std::string name = path.parent_path().filename().string() + "_" + path.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Console, Corpus, testing::ValuesIn(corpus()), testName);

TEST(CorpusAsAWhole, HoldsEveryKindThatTheConsoleCanReport) {
  std::set<EventKind> kinds;
  for (const CorpusFile& file : corpus()) {
    for (const Expected& expected : file.expected) kinds.insert(eventKindNamed(expected.kind).value());
  }
  for (auto kind = EventKind::SoftLockup; kind <= EventKind::NfsServer;
       kind = static_cast<EventKind>(static_cast<int>(kind) + 1)) {
    if (kind == EventKind::StuckWorkload || kind == EventKind::WorkFailed) continue;  // told by the run
    EXPECT_TRUE(kinds.contains(kind)) << name(kind);
  }
}

TEST(CorpusAsAWhole, YieldsTheSameTitlesWhenPrintedAsOneLog) {
  std::string log;
  std::vector<std::string> titles;
  std::vector<std::string> found;
  for (const CorpusFile& file : corpus()) {
    if (file.path.stem() == "4.19-no-stamps") continue;  // one boot has stamps or none
    log += file.log;
    for (const Expected& expected : file.expected) titles.push_back(expected.title);
  }
  for (const ConsoleEvent& event : parsed(log)) found.push_back(event.title);
  EXPECT_EQ(titles, found);
}

}  // namespace
}  // namespace relapse::console
