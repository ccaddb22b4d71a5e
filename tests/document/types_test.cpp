// SPDX-License-Identifier: GPL-2.0-or-later
#include "document/types.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "document/load.hpp"
#include "document/schema.hpp"

namespace relapse::document {
namespace {

using namespace std::chrono_literals;

const Table kTable{"a table",
                   Keys::ExactlyOne,
                   {
                       {"wait", ShortDuration{1ms, 10min}, Optional{}, ""},
                       {"jump", TimeShift{24h}, Optional{}, ""},
                       {"loss", Percent{}, Optional{}, ""},
                       {"any", Anything{"what it likes"}, Optional{}, ""},
                       {"run", Section{Keys::Any, {}, "text"}, Optional{}, ""},
                       {"run.text", Text{"some text"}, Required{}, ""},
                       {"run.loud", Boolean{}, Default{"false"}, ""},
                       {"pick", Section{Keys::ExactlyOne, {"beside"}}, Optional{}, ""},
                       {"pick.left", Flag{}, Optional{}, ""},
                       {"pick.right", Flag{}, Optional{}, ""},
                       {"pick.beside", Integer{0, 9}, Optional{}, ""},
                       {"note", Text{"some text"}, Optional{}, ""},
                   },
                   {"note"}};

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

std::string errorsOf(std::string_view text) {
  return reading(text).errors.text();
}

TEST(Types, AShortDurationHasMilliseconds) {
  const auto wait = [](std::string_view text) { return reading(text).settings.get<std::chrono::milliseconds>("wait"); };
  EXPECT_EQ(wait("wait: 200ms"), 200ms);
  EXPECT_EQ(wait("wait: 3s"), 3s);
  EXPECT_EQ(wait("wait: 5min"), 5min);
  for (const std::string wrong : {"0ms", "3", "1.5s", "-1s", "601s", "3 s", "3S", "ms", "18446744073709551615h"}) {
    EXPECT_EQ(errorsOf("wait: " + wrong),
              "f:1:7: wait: expected a duration from 1ms to 10min, found \"" + wrong + "\"");
  }
}

TEST(Types, ATimeShiftGoesEitherWay) {
  const auto jump = [](std::string_view text) { return reading(text).settings.get<std::chrono::seconds>("jump"); };
  EXPECT_EQ(jump("jump: 90s"), 90s);
  EXPECT_EQ(jump("jump: -90s"), -90s);
  EXPECT_EQ(jump("jump: -24h"), -24h);
  for (const std::string wrong : {"0s", "-0s", "25h", "-25h", "--1s", "90", "-", "-9223372036854775808s"}) {
    EXPECT_EQ(errorsOf("jump: '" + wrong + "'"),
              "f:1:7: jump: expected a time such as 90s or -90s, up to 24h either way, found \"" + wrong + "\"");
  }
}

TEST(Types, APercentageHasItsSign) {
  EXPECT_EQ(reading("loss: 1%").settings.get<std::int64_t>("loss"), 1);
  EXPECT_EQ(reading("loss: 100%").settings.get<std::int64_t>("loss"), 100);
  for (const std::string wrong : {"20", "0%", "101%", "-1%", "%", "1.5%", "20 %", "99999999999999999999%"}) {
    EXPECT_EQ(errorsOf("loss: '" + wrong + "'"),
              "f:1:7: loss: expected a percentage from 1% to 100%, found \"" + wrong + "\"");
  }
}

TEST(Types, AnythingIsTaken) {
  for (const std::string text : {"any: x", "any: [1, {a: b}]", "any: {a: b}", "any:"}) {
    const auto [settings, errors] = reading(text);
    EXPECT_EQ(errors.text(), "") << text;
    EXPECT_TRUE(settings.isWritten("any")) << text;
  }
}

TEST(Sections, ATextStandsForTheKeyThatMayStandAlone) {
  const auto [alone, errors] = reading("run: hello");
  EXPECT_EQ(errors.text(), "");
  EXPECT_EQ(alone.get<std::string>("run.text"), "hello");
  EXPECT_FALSE(alone.get<bool>("run.loud"));
  EXPECT_EQ(describe(alone.place("run.text")), "f:1:6");
  EXPECT_TRUE(reading("run: {text: x, loud: true}").settings.get<bool>("run.loud"));
  EXPECT_EQ(errorsOf("run: ''"), "f:1:6: run.text: expected some text, found \"\"");
  EXPECT_EQ(errorsOf("run: [x]"),
            "f:1:6: run: expected the value of text or a map with one of the keys text, loud, found a list");
  EXPECT_EQ(errorsOf("pick: x"), "f:1:7: pick: expected a map with one of the keys left, right, beside, found \"x\"");
}

TEST(Sections, KeysBesideTheOneAreNotCounted) {
  EXPECT_EQ(errorsOf("pick: {left: true, beside: 1}\nnote: x"), "");
  EXPECT_EQ(errorsOf("pick: {left: true, right: true, beside: 1}"),
            "f:1:7: pick: expected exactly one of the keys left, right, found left and right");
  EXPECT_EQ(errorsOf("pick: {beside: 1}"), "f:1:7: pick: expected exactly one of the keys left, right, found none");
  EXPECT_EQ(errorsOf("pick: {lefd: true, beside: 1}"),
            "f:1:8: pick.lefd: expected one of the keys left, right, beside, found \"lefd\"; did you mean \"left\"?");
  EXPECT_EQ(errorsOf("note: x"),
            "f:1:1: expected exactly one of the keys wait, jump, loss, any, run, pick, found none");
}

TEST(Units, OfMillisecondsArePrintedInTheLargestThatIsExact) {
  EXPECT_EQ(describe(1500ms), "1500ms");
  EXPECT_EQ(describe(3000ms), "3s");
  EXPECT_EQ(describe(std::chrono::milliseconds(90s)), "90s");
  EXPECT_EQ(describe(std::chrono::milliseconds(2min)), "2min");
  EXPECT_EQ(describe(0ms), "0s");
}

}  // namespace
}  // namespace relapse::document
