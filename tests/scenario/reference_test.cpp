// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario/scenario.hpp"
#include "scenario/tables.hpp"
#include "scenario/vocabulary.hpp"

namespace relapse::scenario {
namespace {

using testing::HasSubstr;

TEST(Reference, IsTheFileInDocs) {
  std::ifstream in(RELAPSE_SOURCE_DIR "/docs/scenario-reference.md");
  std::ostringstream text;
  text << in.rdbuf();
  EXPECT_TRUE(text.str() == referenceMarkdown()) << "docs/scenario-reference.md is not what the tables say; make it "
                                                    "again: relapse reference > docs/scenario-reference.md";
}

TEST(Reference, HasEveryKeyProgramAndEvent) {
  const std::string reference = referenceMarkdown();
  for (const document::Row& row : scenarioTable().rows)
    EXPECT_THAT(reference, HasSubstr("| `" + std::string(row.path) + "` |"));
  for (const document::Row& row : stepTable().rows)
    EXPECT_THAT(reference, HasSubstr("| `steps[]." + std::string(row.path) + "` |"));
  for (const std::string_view program : programNames())
    EXPECT_THAT(reference, HasSubstr("| `" + std::string(program) + "` |"));
  for (const std::string_view event : eventNames())
    EXPECT_THAT(reference, HasSubstr("| `" + std::string(event) + "` |"));
}

TEST(Reference, HasNoBrokenRows) {
  std::istringstream lines(referenceMarkdown());
  std::size_t columns = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto bars = static_cast<std::size_t>(std::count(line.begin(), line.end(), '|'));
    if (columns != 0 && bars != 0) {
      EXPECT_EQ(bars, columns) << line;
    }
    columns = bars;
  }
}

TEST(Tables, HaveEveryPathOnceAndARowForEverySection) {
  for (const document::Table* table : {&scenarioTable(), &stepTable(), &eventTable()}) {
    std::set<std::string_view> paths;
    for (const document::Row& row : table->rows) {
      EXPECT_TRUE(paths.insert(row.path).second) << row.path;
      EXPECT_NE(row.meaning, "") << row.path;
      const std::size_t dot = row.path.rfind('.');
      if (dot != std::string_view::npos) {
        EXPECT_TRUE(paths.contains(row.path.substr(0, dot))) << row.path;
      }
    }
  }
}

}  // namespace
}  // namespace relapse::scenario
