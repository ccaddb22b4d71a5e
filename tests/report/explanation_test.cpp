// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/explanation.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "report/disassembly.hpp"
#include "report/samples.hpp"

namespace relapse::report {
namespace {

using testing::HasSubstr;
using testing::Not;

stacktrace::Frame frame(const std::string& symbol, std::vector<stacktrace::Call> inlined = {}) {
  stacktrace::Frame made{.raw = {.symbol = symbol, .text = symbol + "+0x4/0x8"}, .calls = std::move(inlined)};
  made.calls.push_back({symbol, {"fs/" + symbol + ".c", 7}});
  return made;
}

TEST(DecodedTrace, ShowsAllThatWasInlinedInTheInnermostFrameAlone) {
  const std::string text = decodedTrace(
      {frame("inner", {{"spin_lock", {"include/linux/spinlock.h", 5}}}), frame("outer", {{"a", {}}, {"b", {}}})});
  EXPECT_THAT(text, HasSubstr("spin_lock (inlined)"));
  EXPECT_THAT(text, HasSubstr("include/linux/spinlock.h:5\n"));
  EXPECT_THAT(text, HasSubstr("inner+0x4/0x8"));
  EXPECT_THAT(text, HasSubstr("fs/outer.c:7 (+2 inlined)\n"));
}

TEST(DecodedTrace, EndsAtTheSystemCall) {
  const std::string text = decodedTrace({frame("vfs_write"), frame("__arm64_sys_write"), frame("el0_svc")});
  EXPECT_THAT(text, HasSubstr("__arm64_sys_write+"));
  EXPECT_THAT(text, Not(HasSubstr("el0_svc")));
}

TEST(DecodedTrace, IsBoundedAndSaysWhatItLeavesOut) {
  stacktrace::StackTrace trace;
  for (int i = 0; i < 100; ++i) trace.push_back(frame("f" + std::to_string(i), {}));
  EXPECT_THAT(decodedTrace(trace), HasSubstr("... 84 more\n"));
}

TEST(DecodedTrace, SaysWhyAFrameIsNotDecodedAndCleansTheGuestsText) {
  stacktrace::Frame other{.raw = {.text = "x\x1b[2J+0x1/0x2"}, .undecoded = "no such symbol"};
  const std::string text = decodedTrace({other});
  EXPECT_THAT(text, HasSubstr("undecoded: no such symbol\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

postmortem::SpinProfile profile(int idle) {
  return {.samples = 4,
          .span = std::chrono::milliseconds(900),
          .vcpus = {{.vcpu = 1,
                     .samples = 4,
                     .idle = idle,
                     .innermost = {{"f", 3}, {"g", 1}},
                     .common = {"f", "h", "i", "j", "k"}}},
          .folded = {{"vcpu 1;h;f", 3}, {"vcpu 1;h;g", 1}}};
}

TEST(SpinLines, TellWhoSpinsAndWhatIsInEverySample) {
  EXPECT_EQ(spinLines(profile(0)),
            "  spin      vCPU 1, 4 samples in 900 ms: f 75 %, g 25 %\n"
            "            in every one of them: f <- h <- i <- j\n");
  EXPECT_EQ(spinLines(profile(1)), "") << "it was idle once";
}

TEST(Folded, IsALineAStack) {
  EXPECT_EQ(foldedText(profile(0)), "vcpu 1;h;f 3\nvcpu 1;h;g 1\n");
}

TEST(Samples, AreKeptRaw) {
  guest::Sample sample{.at = std::chrono::milliseconds(12), .vcpus = {{.vcpu = 1, .pc = 0xffff000000000010}}};
  sample.stacks.push_back({0x1000, std::string("\x01\xff", 2)});
  const auto json = nlohmann::json::parse(samplesJson({sample}));
  EXPECT_EQ(json["samples"][0]["at_ms"], 12);
  EXPECT_EQ(json["samples"][0]["vcpus"][0]["pc"], "ffff000000000010");
  EXPECT_EQ(json["samples"][0]["vcpus"][0]["x"].size(), 31u);
  EXPECT_EQ(json["samples"][0]["stacks"][0]["bytes"], "01ff");
}

postmortem::Disassembly code() {
  return {
      .function = "f",
      .instructions = {{.address = 0x10, .text = "nop", .function = "f", .place = {"a.c", 1}},
                       {.address = 0x14, .text = "ldr x0, [x19]", .function = "f", .place = {"a.c", 1}, .isPc = true}},
      .firstArgument = {.place = "x19", .value = "0xff"}};
}

TEST(Code, IsShownWithItsLinesAndTheFirstArgument) {
  const std::string text = disassemblyText(code());
  EXPECT_THAT(text, HasSubstr("  a.c:1 f\n     10:  nop\n  => 14:  ldr x0, [x19]\n"));
  EXPECT_THAT(text, HasSubstr("argument 0 in x19 = 0xff"));
  EXPECT_EQ(codeLine(code()), "  code      14: ldr x0, [x19]; f's argument 0 in x19 = 0xff\n");

  auto unknown = code();
  unknown.firstArgument = {.why = "a call may have changed it"};
  EXPECT_THAT(codeLine(unknown), HasSubstr("argument 0 unknown: a call may have changed it"));
  unknown.instructions.pop_back();
  EXPECT_EQ(codeLine(unknown), "") << "no instruction at the pc";
}

}  // namespace
}  // namespace relapse::report
