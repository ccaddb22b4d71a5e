// SPDX-License-Identifier: GPL-2.0-or-later
#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "cli/manual.hpp"
#include "command_line.hpp"
#include "process/process.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// As troff has it in a page.
std::string inTroff(const std::string& name) {
  std::string out;
  for (const char c : name) out += c == '-' ? std::string("\\-") : std::string(1, c);
  return "\\fB" + out + "\\fR";
}

struct Page {
  std::string name;
  std::string text;
};

std::vector<Page> everyPage(const CommandView& root) {
  std::vector<Page> pages{{pageName(root), manualPage(root, root, "0.1.0", "2026-11-28")}};
  for (const auto& command : root.commands)
    pages.push_back({pageName(command), manualPage(command, root, "0.1.0", "2026-11-28")});
  return pages;
}

TEST(Manual, HasEveryCommandAndOption) {
  const CommandLine line;
  const auto pages = everyPage(viewOf(line.app));
  for (const auto& walked : everyCommand(line)) {
    const auto words = CLI::detail::split(walked.path, ' ');
    const std::string name = words.size() == 1 ? words[0] : words[0] + "-" + words[1];
    const auto page = std::find_if(pages.begin(), pages.end(), [&](const auto& one) { return one.name == name; });
    ASSERT_NE(page, pages.end()) << name;
    for (const auto& option : walked.all) EXPECT_THAT(page->text, HasSubstr(inTroff(option))) << walked.path;
    if (words.size() == 2) {
      EXPECT_THAT(pages.front().text, HasSubstr(inTroff(name) + "(1)"));
    }
  }
}

TEST(Manual, HasExamplesExitStatusAndWhatOptionsExclude) {
  const CommandLine line;
  const auto root = viewOf(line.app);
  const auto run = viewOf(*line.app.get_subcommand("run"));
  const std::string page = manualPage(run, root, "0.1.0", "");
  EXPECT_THAT(page, HasSubstr(".SH EXIT STATUS\n.PP\nExit status: 0 the expectation held"));
  EXPECT_THAT(page, HasSubstr(".SH EXAMPLES\n.nf\nrelapse run  "));
  EXPECT_THAT(page, HasSubstr("Not with \\-\\-at\\-least"));
  EXPECT_THAT(page, HasSubstr("A number, from 1 to 1000."));
}

TEST(Manual, EscapesWhatTroffWouldTakeForItself) {
  CommandView command;
  command.name = command.path = "relapse";
  command.summary = "a\\b 'c' ~d";
  command.notes = {{"", false, true, {".SH not a heading"}}};
  const std::string page = manualPage(command, command, "0.1.0", "");
  EXPECT_THAT(page, HasSubstr("a\\eb \\(aqc\\(aq \\(tid"));
  EXPECT_THAT(page, HasSubstr("\n\\&.SH not a heading\n"));
}

TEST(Manual, IsReadWithoutAWarning) {
  if (!process::findProgram("man")) GTEST_SKIP() << "skipped: man is missing (apt-get install man-db)";
  std::string pattern = (fs::temp_directory_path() / "relapse-manual-XXXXXX").string();
  const fs::path folder = mkdtemp(pattern.data());
  const CommandLine line;
  for (const auto& page : everyPage(viewOf(line.app))) {
    const fs::path file = folder / (page.name + ".1");
    std::ofstream(file) << page.text;
    const auto ran = process::run({.argv = {"env", "MANWIDTH=80", "man", "-l", "--warnings=w", file.string()}});
    ASSERT_TRUE(ran);
    EXPECT_TRUE(ran->succeeded()) << ran->standardError;
    EXPECT_EQ(ran->standardError, "") << page.name;
    EXPECT_THAT(ran->standardOutput, HasSubstr(page.name));
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace relapse::cli
