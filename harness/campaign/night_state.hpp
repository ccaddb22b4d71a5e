// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "campaign/matrix.hpp"
#include "campaign/night_plan.hpp"
#include "failure/values.hpp"
#include "history/history.hpp"
#include "report/night.hpp"

namespace relapse::campaign {

inline constexpr int kNightsBefore = 30;  // that a night is judged by

// A night's cells as the history has them, and what their runs amount to. The history is written here alone.
class NightState {
 public:
  // Reads the nights before and what this night has already.
  static Result<NightState> recall(const Matrix& matrix, history::Night night, history::History& history);

  std::vector<CellProgress>& progress() { return progress_; }

  // A run that ended: into the history, and once only.
  Result<void> add(std::size_t cell, int number, history::Run run, const std::string& where);

  // It gets no more runs tonight.
  Result<void> notRun(std::size_t cell, const std::string& why);

  bool has(std::size_t cell, int number) const { return numbers_[cell].contains(number); }

  // Judges all cells, and gives the night's report.
  Result<report::NightReport> judged(const JudgeRules& rules, const std::string& relapse,
                                     std::vector<std::string> notes);

  // No run is added any more.
  Result<void> finish(const report::NightReport& night) { return history_.finish(night_.id, night.finishedAt); }

 private:
  NightState(const Matrix& matrix, history::Night night, history::History& history)
      : matrix_(matrix), night_(std::move(night)), history_(history) {}
  Result<void> recallBefore();
  Result<void> recallTonight();
  void count(std::size_t cell, const history::Run& run, const std::string& where);
  report::NightCellReport reportOf(std::size_t cell, const Judgement& judgement) const;
  Result<std::vector<report::NightSignature>> signatures(const std::vector<report::NightCellReport>& cells) const;

  const Matrix& matrix_;
  history::Night night_;
  history::History& history_;
  std::vector<CellProgress> progress_;
  struct Made {
    report::NightRun run;
    bool hit = false;
    std::chrono::milliseconds watched{0};
  };
  std::vector<std::map<int, Made>> numbers_;  // by cell: the runs of tonight
  std::vector<std::string> releases_;
  std::vector<std::vector<report::PastCell>> past_;
};

// Now, as RFC 3339 in UTC.
std::string timestamp();

}  // namespace relapse::campaign
