// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>

#include <sstream>

#include "cli/help.hpp"
#include "cli/usage_failure.hpp"
#include "command_line.hpp"

namespace relapse::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::size_t kScreenLines = 39;  // of 40, with a prompt below

TEST(Help, OfEachCommandFitsOneScreen) {
  const CommandLine line;
  for (const auto& walked : everyCommand(line)) {
    const std::string help = helpText(viewOf(*walked.command), false);
    std::istringstream lines(help);
    std::size_t count = 0;
    for (std::string one; std::getline(lines, one); ++count) EXPECT_LE(one.size(), kHelpWidth) << one;
    EXPECT_LE(count, kScreenLines) << help;
  }
}

TEST(Help, AllOfItHasEveryOptionOfACommand) {
  const CommandLine line;
  for (const auto& walked : everyCommand(line)) {
    const std::string help = helpText(viewOf(*walked.command), true);
    for (const auto& name : walked.own) EXPECT_THAT(help, HasSubstr(name)) << walked.path;
  }
}

TEST(Help, SaysWhatEachCommandsExitStatusMeans) {
  const CommandLine line;
  for (const auto& walked : everyCommand(line)) {
    if (walked.command->get_parent() != &line.app) continue;
    EXPECT_THAT(helpText(viewOf(*walked.command), false), HasSubstr("Exit status: 0")) << walked.path;
    EXPECT_THAT(helpText(viewOf(*walked.command), false), HasSubstr("Examples:\n  ")) << walked.path;
  }
}

TEST(Help, KeepsTheRarerOptionsForHelpAll) {
  const CommandLine line;
  const auto run = viewOf(*line.app.get_subcommand("run"));
  EXPECT_THAT(helpText(run, false), Not(HasSubstr("--slurm-option")));
  EXPECT_THAT(helpText(run, false), HasSubstr("--help-all"));
  EXPECT_THAT(helpText(run, true), HasSubstr("--slurm-option OPTION"));
  EXPECT_THAT(helpText(run, true), HasSubstr("--keep best|all|none"));
}

TEST(Help, FillsParagraphsAndLeavesExamplesAlone) {
  const auto notes = paragraphsOf("\nExamples:\n  a   b\n  c\n\n+one\ntwo\nExit status: 0 x,\n1 y\n");
  ASSERT_EQ(notes.size(), 3u);
  EXPECT_EQ(notes[0].title, "Examples");
  EXPECT_EQ(notes[0].lines, (std::vector<std::string>{"a   b", "c"}));
  EXPECT_TRUE(notes[1].rare);
  EXPECT_EQ(notes[1].lines, std::vector<std::string>{"one two"});
  EXPECT_EQ(notes[2].title, "Exit status");
  EXPECT_EQ(notes[2].lines, std::vector<std::string>{"Exit status: 0 x, 1 y"});
}

Failure refused(std::vector<std::string> words) {
  CommandLine line;
  std::reverse(words.begin(), words.end());
  try {
    line.app.parse(words);
  } catch (const CLI::ParseError& error) {
    return usageFailure(line.app, error);
  }
  return {FailureKind::Internal, "it was taken"};
}

struct Mistake {
  std::vector<std::string> words;
  const char* said;
  const char* advice;
};

class Usage : public testing::TestWithParam<Mistake> {};

TEST_P(Usage, SaysWhatWhereAndWhatToDo) {
  const auto failure = refused(GetParam().words);
  EXPECT_EQ(failure.kind, FailureKind::BadInput);
  EXPECT_EQ(failure.message, GetParam().said);
  EXPECT_EQ(failure.advice, GetParam().advice);
}

INSTANTIATE_TEST_SUITE_P(
    , Usage,
    testing::Values(
        Mistake{{}, "expected a command, found none", "relapse --help"},
        Mistake{{"rnu"}, "unknown command \"rnu\"; did you mean \"run\"?", "relapse --help"},
        Mistake{{"frobnicate"}, "unknown command \"frobnicate\"", "relapse --help"},
        Mistake{{"--jsno", "list"}, "list: unknown option \"--jsno\"; did you mean \"--json\"?", "relapse list --help"},
        Mistake{{"run", "--repaet", "3"},
                "run: unknown option \"--repaet\"; did you mean \"--repeat\"?",
                "relapse run --help"},
        Mistake{{"run", "--kernal=x"},
                "run: unknown option \"--kernal\"; did you mean \"--kernel\"?",
                "relapse run --help"},
        Mistake{
            {"run", "--repeat", "0"}, "--repeat: expected a number, from 1 to 1000, found \"0\"", "relapse run --help"},
        Mistake{
            {"run", "--repeat", "x"}, "--repeat: expected a number, from 1 to 1000, found \"x\"", "relapse run --help"},
        Mistake{
            {"run", "--repeat"}, "--repeat: expected a number, from 1 to 1000, found nothing", "relapse run --help"},
        Mistake{{"run", "--engine", "slrum"},
                "--engine: expected one of local, slurm, found \"slrum\"; did you mean \"slurm\"?",
                "relapse run --help"},
        Mistake{{"run", "--patch", "/", "--patch", "x"},
                "--patch: expected a file, found \"/\", which is a folder",
                "relapse run --help"},
        Mistake{{"run", "--patch", "/nosuch"},
                "--patch: expected a file, found \"/nosuch\", which does not exist",
                "relapse run --help"},
        Mistake{{"history", "prune", "--days", "x"},
                "--days: expected a number, 0 or more, found \"x\"",
                "relapse history prune --help"},
        Mistake{{"run", "--kernel"}, "--kernel: expected SOURCE, found nothing", "relapse run --help"},
        Mistake{{"run", "--repeat", "2", "--until", "1/2"},
                "--repeat and --until cannot be given together",
                "relapse run --help"},
        Mistake{{"run", "--image", "/dev/null"}, "--image needs --vmlinux beside it", "relapse run --help"},
        Mistake{{"validate"},
                "validate: expected SCENARIO (scenario files, or names of `relapse list`), found none",
                "relapse validate --help"},
        Mistake{{"decode", "x.log"},
                "decode: expected --vmlinux FILE (the kernel with its debug information), found none",
                "relapse decode --help"},
        Mistake{{"bisect", "x", "--config", "/dev/null"},
                "--config: expected 2 of FILE, found \"/dev/null\" alone",
                "relapse bisect --help"},
        Mistake{{"doctor", "qemu"}, "doctor: one argument too many: \"qemu\"", "relapse doctor --help"},
        Mistake{{"history", "purne"},
                "history: unknown command \"purne\"; did you mean \"prune\"?",
                "relapse history --help"},
        Mistake{{"history", "prune", "--dasy", "3"},
                "history prune: unknown option \"--dasy\"; did you mean \"--days\"?",
                "relapse history prune --help"},
        Mistake{{"history", "--limit", "-1"},
                "--limit: expected a number, 0 or more, found \"-1\"",
                "relapse history --help"}));

}  // namespace
}  // namespace relapse::cli
