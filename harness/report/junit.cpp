// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include <fmt/format.h>

#include "report/checks.hpp"
#include "report/markup.hpp"

namespace relapse::report {
namespace {

struct Tally {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;

  void add(const Check& check) {
    ++tests;
    failures += check.held == Held::No ? 1 : 0;
    errors += check.held == Held::Unknown ? 1 : 0;
    skipped += check.held == Held::NotRun ? 1 : 0;
  }
  void add(const CheckGroup& group) {
    add(group.whole);
    for (const auto& run : group.runs) add(run);
  }
  std::string attributes() const {
    return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", tests, failures, errors, skipped);
  }
};

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:.3f}", std::chrono::duration<double>(time).count());
}

std::string testCase(const Check& check, std::string_view name, const std::string& suite) {
  std::string out = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"", escaped(suite), escaped(name),
                                seconds(check.took));
  if (check.held == Held::Yes) return out + "/>\n";
  const char* element = check.held == Held::No ? "failure" : check.held == Held::Unknown ? "error" : "skipped";
  out += fmt::format(">\n      <{} message=\"{}\"", element, escaped(check.words));
  if (check.held == Held::NotRun) return out + "/>\n    </testcase>\n";
  return out + fmt::format(" type=\"{}\">{}</{}>\n    </testcase>\n",
                           check.held == Held::No ? "not-as-expected" : "inconclusive", escaped(check.more), element);
}

}  // namespace

std::string junit(const CheckList& checks) {
  Tally all;
  std::string suites;
  for (const auto& group : checks.groups) {
    Tally own;
    own.add(group);
    all.add(group);
    suites += fmt::format("  <testsuite name=\"{}\" {} time=\"{}\"", escaped(group.name), own.attributes(),
                          seconds(group.whole.took));
    std::string time = checks.startedAt;
    if (time.ends_with('Z')) time.pop_back();  // readers take it without a zone
    if (!time.empty()) suites += fmt::format(" timestamp=\"{}\"", escaped(time));
    Check whole = group.whole;
    whole.took = std::chrono::milliseconds(0);  // it is that of its runs
    suites += ">\n" + testCase(whole, "as expected", group.name);
    for (const auto& run : group.runs) suites += testCase(run, run.name, group.name);
    suites += "  </testsuite>\n";
  }
  return fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {}>\n{}</testsuites>\n",
                     escaped(checks.name), all.attributes(), suites);
}

}  // namespace relapse::report
