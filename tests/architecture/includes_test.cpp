// SPDX-License-Identifier: GPL-2.0-or-later
// Every #include of harness/ against the table of harness/CMakeLists.txt.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace relapse {
namespace {

namespace fs = std::filesystem;

const fs::path kHarness = RELAPSE_SOURCE_DIR "/harness";
using Table = std::map<std::string, std::set<std::string>>;  // folder -> what it may include, stars kept

std::string contentOf(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

Table tableOf(const std::string& cmake) {
  Table table;
  for (std::size_t at = cmake.find("\nrelapse_library("); at != std::string::npos;
       at = cmake.find("\nrelapse_library(", at + 1)) {
    std::istringstream words(cmake.substr(at + 17, cmake.find(')', at) - at - 17));
    std::string folder;
    words >> folder;
    std::set<std::string>& uses = table[folder];
    bool listing = false;
    for (std::string word; words >> word;) {
      if (word == "USES" || word == "LIBRARIES") {
        listing = word == "USES";
      } else if (listing) {
        uses.insert(word);
      }
    }
  }
  return table;
}

// What is wrong with `folder` including "other/header"; empty if nothing.
std::string problem(const Table& table, const std::string& folder, const std::string& header) {
  const std::string other = header.substr(0, header.find('/'));
  if (other == folder) return {};
  const auto& uses = table.at(folder);
  if (uses.contains(other)) return {};
  const bool valuesOnly = header == other + "/values.hpp" || header == other + "/vocabulary.hpp";
  if (uses.contains(other + "*") && valuesOnly) return {};
  return folder + " may not include " + header;
}

std::vector<std::string> includesOf(const std::string& source) {
  std::vector<std::string> headers;
  std::istringstream lines(source);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("#include \"")) headers.push_back(line.substr(10, line.find('"', 10) - 10));
  return headers;
}

TEST(Includes, KeepToTheTable) {
  const Table table = tableOf(contentOf(kHarness / "CMakeLists.txt"));
  ASSERT_GE(table.size(), 10u);
  int seen = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kHarness)) {
    const auto extension = entry.path().extension();
    if (extension != ".cpp" && extension != ".hpp") continue;
    const std::string folder = entry.path().parent_path().filename();
    ASSERT_TRUE(table.contains(folder)) << folder << " is not in the table";
    for (const auto& header : includesOf(contentOf(entry.path()))) {
      EXPECT_EQ(problem(table, folder, header), "") << entry.path();
      ++seen;
    }
  }
  EXPECT_GT(seen, 100);
}

TEST(Includes, EachOutsideLibraryHasItsOneFolder) {
  const std::vector<std::pair<std::string, std::string>> owners = {
      {"<yaml-cpp/", "document"}, {"<boost/process", "process"}, {"<libvirt/", "guest"},
      {"<openssl/", "checksum"},  {"<elfutils/", "stacktrace"},  {"<CLI/", "cli"},
      {"<curl/", "kernel"},       {"<zlib.h>", "logfile"},       {"<lzma.h>", "logfile"},
      {"<zstd.h>", "logfile"},    {"<sqlite3.h>", "history"},
  };
  for (const auto& entry : fs::recursive_directory_iterator(kHarness)) {
    const std::string source = entry.is_regular_file() ? contentOf(entry.path()) : std::string();
    for (const auto& [header, owner] : owners) {
      if (source.find("#include " + header) == std::string::npos) continue;
      EXPECT_EQ(entry.path().parent_path().filename(), owner) << entry.path() << " includes " << header;
    }
  }
}

TEST(Includes, TheCheckSeesAForbiddenOne) {
  const Table table = tableOf("\nrelapse_library(a USES b* LIBRARIES c)\nrelapse_library(b)\nrelapse_library(c)\n");
  EXPECT_EQ(problem(table, "a", "b/values.hpp"), "");
  EXPECT_NE(problem(table, "a", "b/machine.hpp"), "");
  EXPECT_NE(problem(table, "a", "c/values.hpp"), "") << "a library is no folder";
  EXPECT_NE(problem(table, "b", "a/values.hpp"), "");
}

}  // namespace
}  // namespace relapse
