// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "history/history.hpp"

namespace relapse::history {

// A folder of its own, and a history in it.
class HistoryTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "history-XXXXXX").string();
    folder_ = std::filesystem::canonical(mkdtemp(pattern.data()));
    file_ = folder_ / "state/history.db";
    runs_ = folder_ / "state/runs";
    std::filesystem::create_directories(runs_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  History opened() {
    auto history = History::open(file_);
    if (!history) ADD_FAILURE() << history.error().message;
    return std::move(*history);
  }
  Failure refused() {
    auto history = History::open(file_);
    EXPECT_FALSE(history.has_value());
    return history ? Failure{} : history.error();
  }

  // Past what History offers.
  void sql(const std::string& text) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &database), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(database, text.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_free(error);
    sqlite3_close(database);
  }

  std::filesystem::path folder_;
  std::filesystem::path file_;
  std::filesystem::path runs_;
};

inline Run survivor(const std::string& id, const std::string& startedAt = "2026-11-01T00:00:00Z") {
  Run run;
  run.id = id;
  run.startedAt = startedAt;
  run.scenario = "nfs-lockup";
  run.verdict = run.expected = "survived";
  run.held = true;
  return run;
}

inline Run reproduced(const std::string& id, const std::string& startedAt, const std::string& signature) {
  Run run = survivor(id, startedAt);
  run.verdict = run.expected = "reproduced";
  run.signature = signature;
  run.title = "a " + signature;
  return run;
}

// Of night "n", with its number in cell "a".
inline Run ofNight(const std::string& id, int number) {
  Run run = survivor(id);
  run.night = "n";
  run.nightCell = "a";
  run.number = number;
  return run;
}

inline Night night(const std::string& id, const std::string& startedAt = "2026-11-02T00:00:00Z") {
  return {id, "matrix", "sum", startedAt, "", "local"};
}

inline std::string idsOf(const std::vector<Run>& runs) {
  std::string ids;
  for (const auto& run : runs) ids += (ids.empty() ? "" : " ") + run.id;
  return ids;
}

}  // namespace relapse::history
