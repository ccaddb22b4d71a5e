// SPDX-License-Identifier: GPL-2.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "corpus.hpp"

namespace relapse::console {
namespace {

struct TableRow {
  std::size_t number;
  std::string name;
};

void PrintTo(const TableRow& row, std::ostream* out) {
  *out << row.name;
}

std::vector<TableRow> rowsOfTheKernel() {
  std::vector<TableRow> rows;
  const Tables& tables = Tables::kernel();
  for (std::size_t row = 0; row < tables.rows(); ++row) rows.push_back({row, tables.rowName(row)});
  return rows;
}

// The files that are as expected with all rows: another one would fail with any row or none.
const std::vector<CorpusFile>& files() {
  static const std::vector<CorpusFile> sound = [] {
    std::vector<CorpusFile> read = corpus();
    std::erase_if(read, [](const CorpusFile& file) { return !difference(file, parsed(file.log)).empty(); });
    return read;
  }();
  return sound;
}

// What the row looks for: its name less the name of its table, and less the stars.
std::string_view textOf(const TableRow& row) {
  std::string_view text = std::string_view(row.name).substr(row.name.find(": ") + 2);
  if (!row.name.starts_with("skip: ") && !row.name.starts_with("printer: ")) return text;
  if (text.starts_with('*')) text.remove_prefix(1);
  if (text.ends_with('*')) text.remove_suffix(1);
  return text;
}

// A file without the row's text is read the same with the row or without it.
bool needs(const CorpusFile& file, const TableRow& row, const Tables& less) {
  if (file.log.find(textOf(row)) == std::string::npos) return false;
  return !difference(file, parsed(file.log, {}, less), less).empty();
}

class EveryRow : public testing::TestWithParam<TableRow> {};

TEST_P(EveryRow, IsNeededByAFileOfTheCorpus) {
  const Tables less = Tables::kernel().without(GetParam().number);
  EXPECT_TRUE(std::any_of(files().begin(), files().end(),
                          [&](const CorpusFile& file) { return needs(file, GetParam(), less); }))
      << "no file of tests/corpus/console fails without the row \"" << GetParam().name << '"';
}

std::string testName(const testing::TestParamInfo<TableRow>& info) {
  std::string name = std::to_string(info.param.number) + "_" + info.param.name;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Tables, EveryRow, testing::ValuesIn(rowsOfTheKernel()), testName);

}  // namespace
}  // namespace relapse::console
