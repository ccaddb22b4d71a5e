// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "console/lines.hpp"
#include "corpus.hpp"

namespace relapse::console {
namespace {

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
  EXPECT_EQ("", difference(GetParam(), events)) << described(events);
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

// Is this a report that the whole log folds into a flood?
bool isInAFlood(const ConsoleEvent& event, const std::vector<ConsoleEvent>& events) {
  return event.kind == EventKind::DumpStack &&
         std::any_of(events.begin(), events.end(), [&](const ConsoleEvent& flood) {
           return flood.count > 1 && flood.span.first < event.span.first && event.span.first <= flood.last.span.first;
         });
}

TEST_P(Corpus, NeverYieldsAnotherKindForAPrefix) {
  const auto events = parsed(GetParam().log);
  std::map<std::uint64_t, EventKind> kinds;
  for (const ConsoleEvent& event : events) kinds[event.span.first] = event.kind;
  for (const std::size_t cut : cutsOf(GetParam().log)) {
    for (const ConsoleEvent& event : parsed(GetParam().log.substr(0, cut))) {
      if (isInAFlood(event, events)) continue;
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
    EXPECT_TRUE(event.span.past == log.size() || log[event.span.past] == '\n' || log[event.span.past] == '\r');
    EXPECT_LE(last, event.span.first) << "events come in the order in which they begin";
    last = event.span.first;
    const std::string_view bytes = std::string_view(log).substr(event.span.first, event.span.past - event.span.first);
    std::string scratch;
    const std::string text(cleaned(bytes, scratch));
    EXPECT_NE(text.find(event.message), std::string_view::npos);
    for (const RawFrame& frame : event.frames) EXPECT_NE(text.find(frame.text), std::string_view::npos) << frame.text;
  }
}

TEST_P(Corpus, YieldsTheSameTitlesWithCarriageReturns) {
  std::string log;
  for (const char c : GetParam().log) log += c == '\n' ? "\r\n" : std::string(1, c);  // to CR CR LF, too
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
  for (const CorpusFile& file : corpus()) {
    if (file.alone) continue;
    log += file.log;
    for (const Expected& expected : file.expected) {
      titles.push_back(file.path.parent_path().filename().string() + "/" + file.path.stem().string());
      titles.push_back(expected.title);
    }
  }
  const auto events = parsed(log);
  for (std::size_t i = 0; i < events.size() && 2 * i + 1 < titles.size(); ++i) {
    ASSERT_EQ(titles[2 * i + 1], events[i].title) << "the first that differs, in " << titles[2 * i];
  }
  EXPECT_EQ(titles.size(), 2 * events.size());
}

}  // namespace
}  // namespace relapse::console
