// SPDX-License-Identifier: GPL-2.0-or-later
// build/relapse report on a run of samples. A real run's page: tests/end-to-end.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>

#include "process/process.hpp"
#include "report/night.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

struct Ran {
  int status = -1;
  std::string output;
  std::string errors;
};

// A state folder with two runs, and a night without a cell.
class Report : public testing::Test {
 protected:
  Report() {
    std::string pattern = (fs::temp_directory_path() / "relapse-report-test-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    for (const char* run : {"one", "two"}) {
      fs::create_directories(folder_ / "state/runs" / run);
      fs::copy(RELAPSE_SOURCE_DIR "/tests/report/samples/lockup", folder_ / "state/runs" / run);
    }
    fs::create_directory_symlink("two", folder_ / "state/runs/latest");
    fs::create_directories(folder_ / "state/nights/n");
    std::ofstream(folder_ / "state/nights/n/night.json") << report::nightJson({.id = "n"});
  }
  ~Report() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  Ran report(const std::vector<std::string>& arguments) const {
    std::vector<std::string> argv{RELAPSE_BINARY_DIR "/relapse", "--state-dir", folder_.string(), "report"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const auto ran = process::run({.argv = argv});
    if (!ran) return {-1, "", ran.error().message};
    const auto* exited = std::get_if<process::Exited>(&ran->end);
    return {exited != nullptr ? exited->status : -1, ran->standardOutput, ran->standardError};
  }

  std::string content(const std::string& name) const {
    std::ifstream in(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  fs::path folder_;
};

TEST_F(Report, WritesThePageOfARunAgainAndPrintsWhereItIs) {
  const Ran ran = report({"latest"});
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_THAT(ran.output, EndsWith("/state/runs/latest/report.html\n"));
  const std::string page = content("state/runs/two/report.html");
  EXPECT_THAT(page, StartsWith("<!doctype html>"));
  EXPECT_THAT(page, HasSubstr("2 of 2 runs, 100 %")) << "the run beside it is like it";
}

TEST_F(Report, WritesThePageOfANight) {
  const Ran ran = report({"n"});
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_THAT(content("state/nights/n/report.html"), HasSubstr("Relapse night n"));
}

TEST_F(Report, HasAFormForEachReader) {
  const std::pair<const char*, const char*> forms[] = {{"junit", "<?xml version=\"1.0\""},
                                                       {"ktap", "KTAP version 1\n1..1\n"},
                                                       {"mail", "Subject: [relapse] "},
                                                       {"json", "{\n"}};
  for (const auto& [form, start] : forms) {
    const Ran ran = report({"one", "--format", form});
    EXPECT_EQ(ran.status, 0) << form << ran.errors;
    EXPECT_THAT(ran.output, StartsWith(start));
  }
  EXPECT_THAT(report({"one", "two", "--format", "ktap"}).output, HasSubstr("  1..2\n"));
}

TEST_F(Report, WritesIntoTheFileGiven) {
  const std::string file = (folder_ / "out.xml").string();
  const Ran ran = report({"n", "--format", "junit", "-o", file});
  EXPECT_EQ(ran.output, file + "\n");
  EXPECT_THAT(content("out.xml"), StartsWith("<?xml"));
}

TEST_F(Report, SaysWhatIsWrong) {
  EXPECT_EQ(report({"nope"}).status, 64);
  EXPECT_THAT(report({"nope"}).errors, HasSubstr("expected a run's, a night's or a bisect's directory"));
  EXPECT_EQ(report({(folder_ / "state").string()}).status, 64) << "neither of them";
  EXPECT_EQ(report({"one", "two", "-o", "x.html"}).status, 64);
  EXPECT_EQ(report({"one", "n", "--format", "ktap"}).status, 64);
  EXPECT_EQ(report({"one", "-o", "/nonexistent/x"}).status, 125);
  std::ofstream(folder_ / "state/nights/n/night.json") << "{\"version\": 9}";
  EXPECT_THAT(report({"n"}).errors, HasSubstr("night.json: version: expected 1, found 9"));
}

}  // namespace
}  // namespace relapse::cli
