// SPDX-License-Identifier: GPL-2.0-or-later
#include "document/schema.hpp"

#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "document/load.hpp"
#include "document/types.hpp"

namespace relapse::document {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

const Table kItem{
    "an item", Keys::ExactlyOne, {{"left", Integer{1, 9}, Optional{}, ""}, {"right", Flag{}, Optional{}, ""}}};

const Table kTable{"a table",
                   Keys::Any,
                   {
                       {"text", Text{"some text"}, Default{"x"}, ""},
                       {"count", Integer{-5, 64}, Default{"2"}, ""},
                       {"size", Size{1024, 1ull << 30}, Default{"4KiB"}, ""},
                       {"time", Duration{2s, 1h, 2s}, Default{"20s"}, ""},
                       {"yes", Boolean{}, Default{"false"}, ""},
                       {"flag", Flag{}, Optional{}, ""},
                       {"word", Word{{"red", "green"}}, Default{"red"}, ""},
                       {"ratio", Fraction{10}, Default{"1/1"}, ""},
                       {"list", ListOf{Word{{"a", "b", "c"}}, 1, true}, Default{"[a, b]"}, ""},
                       {"free", ListOf{Text{"a word"}, 0, false, true}, Default{"[]"}, ""},
                       {"items", ListOf{&kItem, 0, false, true}, Default{"[]"}, ""},
                       {"one", Section{Keys::AtMostOne}, Default{"{}"}, ""},
                       {"one.left", Flag{}, Optional{}, ""},
                       {"one.right", Flag{}, Optional{}, ""},
                       {"maybe", Section{}, Optional{}, ""},
                       {"maybe.must", Integer{0, 9}, Required{}, ""},
                       {"maybe.preset", Integer{0, 9}, Default{"5"}, ""},
                   }};

struct Reading {
  Settings settings;
  Errors errors;
};

Reading reading(std::string_view text) {
  Reading result;
  const Value value = parse(text, "f", result.errors).value();
  result.settings = read(kTable, value, result.errors);
  return result;
}

TEST(Schema, ReadsEveryType) {
  const auto [s, errors] = reading(
      "{text: t, count: -3, size: 1MiB, time: 2min, yes: true, flag: {}, word: green, ratio: 2/3, list: [c], free: w,\n"
      " items: [{left: 1}, {right: true}], one: {left: true}, maybe: {must: 7}}");
  EXPECT_EQ(errors.text(), "");
  EXPECT_EQ(s.get<std::string>("text"), "t");
  EXPECT_EQ(s.get<std::int64_t>("count"), -3);
  EXPECT_EQ(s.get<std::uint64_t>("size"), 1u << 20);
  EXPECT_EQ(s.get<std::chrono::seconds>("time"), 120s);
  EXPECT_TRUE(s.get<bool>("yes"));
  EXPECT_TRUE(s.get<bool>("flag"));
  EXPECT_EQ(s.get<std::string>("word"), "green");
  EXPECT_EQ(s.get<Ratio>("ratio").part, 2);
  EXPECT_EQ(s.get<Ratio>("ratio").whole, 3);
  EXPECT_THAT(s.get<std::vector<std::string>>("list"), ElementsAre("c"));
  EXPECT_THAT(s.get<std::vector<std::string>>("free"), ElementsAre("w"));
  const auto items = s.get<std::vector<Settings>>("items");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].get<std::int64_t>("left"), 1);
  EXPECT_TRUE(items[1].has("right"));
  EXPECT_EQ(items[1].key("right"), "items[1].right");
  EXPECT_EQ(s.get<std::int64_t>("maybe.must"), 7);
  EXPECT_EQ(s.get<std::int64_t>("maybe.preset"), 5);
}

TEST(Schema, FillsInDefaultsAndLeavesOptionalSectionsOut) {
  const auto [s, errors] = reading("{}");
  EXPECT_EQ(errors.text(), "");
  EXPECT_EQ(s.get<std::int64_t>("count"), 2);
  EXPECT_EQ(s.get<std::uint64_t>("size"), 4096u);
  EXPECT_THAT(s.get<std::vector<std::string>>("list"), ElementsAre("a", "b"));
  EXPECT_FALSE(s.has("flag"));
  EXPECT_TRUE(s.has("one"));
  EXPECT_FALSE(s.has("maybe"));
  EXPECT_FALSE(s.has("maybe.preset"));
}

TEST(Schema, KnowsWhereValuesAre) {
  const auto [s, errors] = reading("count: 1\nmaybe:\n  must: 3\nlist: [a, b]\n");
  EXPECT_EQ(describe(s.place("count")), "f:1:8");
  EXPECT_EQ(describe(s.place("maybe.preset")), "f:3:3");  // of the map that lacks it
  EXPECT_EQ(describe(s.place("list", 1)), "f:4:11");
}

TEST(Schema, KnowsWhatTheFileHasSomethingFor) {
  const auto [s, errors] = reading("count: x\nmaybee: {must: 1}\none: 3\n");
  EXPECT_EQ(errors.size(), 3u);
  for (const std::string_view path : {"count", "maybe", "one"}) {
    EXPECT_TRUE(s.isWritten(path)) << path;
    EXPECT_FALSE(s.has(path)) << path;
  }
  EXPECT_FALSE(s.isWritten("size"));
  EXPECT_TRUE(s.has("size"));
}

TEST(Schema, APathThatIsNotInTheTableIsADefect) {
  EXPECT_THROW(reading("{}").settings.has("nothing"), std::logic_error);
}

TEST(Schema, ADefaultThatItsTypeRefusesIsADefect) {
  const Table table{"t", Keys::Any, {{"a", Integer{1, 2}, Default{"3"}, ""}}};
  Errors errors;
  EXPECT_THROW(read(table, Value{{}, Value::Map{}}, errors), std::logic_error);
}

struct Case {
  std::string_view text, expected;
};

class SchemaErrors : public testing::TestWithParam<Case> {};
TEST_P(SchemaErrors, PointExpectAndQuote) {
  const auto [settings, errors] = reading(GetParam().text);
  EXPECT_EQ(errors.text(), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Keys, SchemaErrors,
    testing::Values(
        Case{"- a\n",
             "f:1:1: expected a map with one of the keys text, count, size, time, yes, flag, word, ratio, list, free, "
             "items, one, maybe, found a list"},
        Case{"text: t\ncuont: 3\n",
             "f:2:1: cuont: expected one of the keys text, count, size, time, yes, flag, word, ratio, list, free, "
             "items, "
             "one, maybe, found \"cuont\"; did you mean \"count\"?"},
        Case{"maybe: {must: 1, mist: 2}\n",
             "f:1:18: maybe.mist: expected one of the keys must, preset, found \"mist\"; did you mean \"must\"?"},
        // A misspelt key is not missed as well.
        Case{"maybe: {musst: 1}\n",
             "f:1:9: maybe.musst: expected one of the keys must, preset, found \"musst\"; did you mean \"must\"?"},
        Case{"preset: 1\n",
             "f:1:1: preset: expected one of the keys text, count, size, time, yes, flag, word, ratio, list, free, "
             "items, "
             "one, maybe, found \"preset\"; did you mean \"maybe.preset\"?"},
        Case{"maybe: {preset: 1}\n", "f:1:8: maybe.must: expected an integer from 0 to 9, found no such key"},
        Case{"maybe: x\n", "f:1:8: maybe: expected a map with one of the keys must, preset, found \"x\""},
        Case{"maybe:\n", "f:1:1: maybe: expected a map with one of the keys must, preset, found nothing"},
        Case{"one: {left: true, right: true}\n",
             "f:1:6: one: expected at most one of the keys left, right, found left and right"},
        Case{"items:\n  - {}\n", "f:2:5: items[0]: expected exactly one of the keys left, right, found none"},
        Case{"items: [{left: 1, right: true}]\n",
             "f:1:9: items[0]: expected exactly one of the keys left, right, found left and right"},
        Case{"items: [{lefd: 1}]\n",
             "f:1:10: items[0].lefd: expected one of the keys left, right, found \"lefd\"; did you mean \"left\"?"},
        Case{"items: [x]\n", "f:1:9: items[0]: expected a map with one of the keys left, right, found \"x\""},
        Case{"items: {left: 0}\n", "f:1:15: items.left: expected an integer from 1 to 9, found \"0\""},
        Case{"<<: {text: t}\n",
             "f:1:1: <<: expected one of the keys text, count, size, time, yes, flag, word, ratio, list, free, items, "
             "one, maybe, found \"<<\""}));

INSTANTIATE_TEST_SUITE_P(
    Scalars, SchemaErrors,
    testing::Values(
        Case{"text:\n", "f:1:1: text: expected some text, found nothing"},
        Case{"text: ''\n", "f:1:7: text: expected some text, found \"\""},
        Case{"text: [x]\n", "f:1:7: text: expected some text, found a list"},
        Case{"count: many\n", "f:1:8: count: expected an integer from -5 to 64, found \"many\""},
        Case{"count: 65\n", "f:1:8: count: expected an integer from -5 to 64, found \"65\""},
        Case{"count: -6\n", "f:1:8: count: expected an integer from -5 to 64, found \"-6\""},
        Case{"count: 2.0\n", "f:1:8: count: expected an integer from -5 to 64, found \"2.0\""},
        Case{"count: 0x2\n", "f:1:8: count: expected an integer from -5 to 64, found \"0x2\""},
        Case{"count: +2\n", "f:1:8: count: expected an integer from -5 to 64, found \"+2\""},
        Case{"count: 99999999999999999999999\n",
             "f:1:8: count: expected an integer from -5 to 64, found \"99999999999999999999999\""},
        Case{"count: {}\n", "f:1:8: count: expected an integer from -5 to 64, found a map"},
        Case{"size: lots\n", "f:1:7: size: expected a size from 1KiB to 1GiB, found \"lots\""},
        Case{"size: 4096\n", "f:1:7: size: expected a size from 1KiB to 1GiB, found \"4096\""},
        Case{"size: 4KB\n", "f:1:7: size: expected a size from 1KiB to 1GiB, found \"4KB\""},
        Case{"size: -4KiB\n", "f:1:7: size: expected a size from 1KiB to 1GiB, found \"-4KiB\""},
        Case{"size: 1.5MiB\n", "f:1:7: size: expected a size from 1KiB to 1GiB, found \"1.5MiB\""},
        Case{"size: KiB\n", "f:1:7: size: expected a size from 1KiB to 1GiB, found \"KiB\""},
        // 2^64 + 4096 bytes, should anything wrap.
        Case{"size: 18014398509481988KiB\n",
             "f:1:7: size: expected a size from 1KiB to 1GiB, found \"18014398509481988KiB\""},
        Case{"size: 2GiB\n", "f:1:7: size: expected a size from 1KiB to 1GiB, found \"2GiB\""},
        Case{"time: 20\n", "f:1:7: time: expected a duration from 2s to 1h in steps of 2s, found \"20\""},
        Case{"time: 3s\n", "f:1:7: time: expected a duration from 2s to 1h in steps of 2s, found \"3s\""},
        Case{"time: 2 s\n", "f:1:7: time: expected a duration from 2s to 1h in steps of 2s, found \"2 s\""},
        Case{"time: 2sec\n", "f:1:7: time: expected a duration from 2s to 1h in steps of 2s, found \"2sec\""},
        Case{"time: 2000ms\n", "f:1:7: time: expected a duration from 2s to 1h in steps of 2s, found \"2000ms\""},
        Case{"time: -2s\n", "f:1:7: time: expected a duration from 2s to 1h in steps of 2s, found \"-2s\""},
        Case{"time: 0s\n", "f:1:7: time: expected a duration from 2s to 1h in steps of 2s, found \"0s\""},
        // 2^64 + 1184 seconds, and 2^63.
        Case{"time: 5124095576030432h\n",
             "f:1:7: time: expected a duration from 2s to 1h in steps of 2s, found \"5124095576030432h\""},
        Case{"time: 9223372036854775808s\n",
             "f:1:7: time: expected a duration from 2s to 1h in steps of 2s, found \"9223372036854775808s\""},
        Case{"yes: yes\n", "f:1:6: yes: expected true or false, found \"yes\""},
        Case{"flag: false\n", "f:1:7: flag: expected true, found \"false\""},
        Case{"flag: {a: 1}\n", "f:1:7: flag: expected true, found a map"},
        Case{"flag:\n", "f:1:1: flag: expected true, found nothing"},
        Case{"word: blue\n", "f:1:7: word: expected one of red, green, found \"blue\""},
        Case{"word: gren\n", "f:1:7: word: expected one of red, green, found \"gren\"; did you mean \"green\"?"},
        Case{"ratio: 0/1\n",
             "f:1:8: ratio: expected K/N such as 1/3, with K from 1 to N and N up to 10, found \"0/1\""},
        Case{"ratio: 3/2\n",
             "f:1:8: ratio: expected K/N such as 1/3, with K from 1 to N and N up to 10, found \"3/2\""},
        Case{"ratio: 1/11\n",
             "f:1:8: ratio: expected K/N such as 1/3, with K from 1 to N and N up to 10, found \"1/11\""},
        Case{"ratio: 1\n", "f:1:8: ratio: expected K/N such as 1/3, with K from 1 to N and N up to 10, found \"1\""},
        Case{"ratio: 1/4294967297\n",
             "f:1:8: ratio: expected K/N such as 1/3, with K from 1 to N and N up to 10, found \"1/4294967297\""}));

INSTANTIATE_TEST_SUITE_P(
    Lists, SchemaErrors,
    testing::Values(Case{"list: a\n", "f:1:7: list: expected a list of one or more, each one of a, b, c, found \"a\""},
                    Case{"list: []\n",
                         "f:1:7: list: expected a list of one or more, each one of a, b, c, found an empty list"},
                    Case{"list:\n", "f:1:1: list: expected a list of one or more, each one of a, b, c, found nothing"},
                    Case{"list: [a, a]\n", "f:1:11: list[1]: expected each item once, found \"a\" again"},
                    Case{"list: [a, d, ~]\n",
                         "f:1:11: list[1]: expected one of a, b, c, found \"d\"\nf:1:14: list[2]: expected one of a, "
                         "b, c, found nothing"},
                    Case{"free:\n", "f:1:1: free: expected a word, or a list of such, found nothing"},
                    Case{"free:\n  -\n  - x\n", "f:2:3: free[0]: expected a word, found nothing"}));

TEST(Schema, ReportsAllErrorsAtOnceInTheFilesOrder) {
  EXPECT_EQ(
      reading("size: x\ntext: ''\nflga: true\ncount: 99\nmaybe: {preset: 10}\n").errors.text(),
      "f:1:7: size: expected a size from 1KiB to 1GiB, found \"x\"\n"
      "f:2:7: text: expected some text, found \"\"\n"
      "f:3:1: flga: expected one of the keys text, count, size, time, yes, flag, word, ratio, list, free, items, one, "
      "maybe, found \"flga\"; did you mean \"flag\"?\n"
      "f:4:8: count: expected an integer from -5 to 64, found \"99\"\n"
      "f:5:8: maybe.must: expected an integer from 0 to 9, found no such key\n"
      "f:5:17: maybe.preset: expected an integer from 0 to 9, found \"10\"");
}

TEST(Units, AreReadExactly) {
  EXPECT_EQ(parseSize("1B"), 1u);
  EXPECT_EQ(parseSize("3TiB"), 3ull << 40);
  EXPECT_EQ(parseSize("16777215TiB"), 16777215ull << 40);
  EXPECT_EQ(parseSize("16777216TiB"), std::nullopt);
  EXPECT_EQ(parseDuration("90min"), 5400s);
  EXPECT_EQ(parseDuration("9223372036854775807s"), std::chrono::seconds::max());
  EXPECT_EQ(parseDuration("9223372036854775808s"), std::nullopt);
  EXPECT_EQ(parseInteger("9223372036854775807"), 9223372036854775807);
  EXPECT_EQ(parseInteger("9223372036854775808"), std::nullopt);
}

TEST(Units, ArePrintedInTheLargestThatIsExact) {
  EXPECT_EQ(describeSize(512ull << 20), "512MiB");
  EXPECT_EQ(describeSize(1536), "1536B");
  EXPECT_EQ(describeSize(0), "0B");
  EXPECT_EQ(describe(60s), "1min");
  EXPECT_EQ(describe(90s), "90s");
  EXPECT_EQ(describe(0s), "0s");
}

}  // namespace
}  // namespace relapse::document
