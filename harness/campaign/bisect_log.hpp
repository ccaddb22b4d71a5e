// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bisect/values.hpp"
#include "campaign/bisect_plan.hpp"
#include "failure/values.hpp"

// A bisect's log is its whole state, and a story: each thing that happened is a line of JSON, and below it, behind "#",
// is what a reader makes of it. Whoever reads it again is where it ended.
namespace relapse::campaign {

// What is asked, and how the guests are made.
struct BisectBegun {
  std::string id;
  std::string relapse;                 // version
  std::string startedAt;               // RFC 3339
  std::string scenario;                // its name
  std::string scenarioSum;             // SHA-256 of its text as resolved: the same is asked when it is gone on with
  std::vector<std::string> arguments;  // of the command line, to go on with it
  BisectPlan plan;
  bisect::Question question;
  std::string target;  // signature; empty: what the scenario expects, or still to be learnt
  bool learn = false;  // the signature is learnt from the end with the bug
  bool subset = false;
};
struct TargetLearnt {
  std::string signature;
};
struct KernelBuilt {
  std::string kernel;  // keyOf()
  std::chrono::milliseconds took{0};
  std::string source;  // that was had
  std::string sum;     // of its code
  std::string release;
  bool fromCache = false;
};
struct KernelSkipped {
  std::string kernel;
  std::string why;
};
struct TryStarted {
  int number = 0;
  std::string kernel;
  bool settles = false;  // not the search asked for it, but a question about this kernel alone
};
struct TryEnded {
  int number = 0;
  std::string kernel;
  bool settles = false;
  bisect::Saw saw = bisect::Saw::Inconclusive;
  std::string signature = {};
  std::string reason = {};
  std::chrono::milliseconds took{0};
  std::filesystem::path run = {};
  std::chrono::milliseconds elapsed{0};  // since this session began
};
// Another process goes on: what was under way is not any more, but for what left its result.
struct BisectResumed {
  std::string at;  // RFC 3339
};
// What a part of the work came to: "found", "good-end-bad", ...
struct BisectEnded {
  std::string ending;
  std::string at;                     // RFC 3339
  std::chrono::milliseconds took{0};  // of this session
};
using BisectEvent = std::variant<BisectBegun, TargetLearnt, KernelBuilt, KernelSkipped, TryStarted, TryEnded,
                                 BisectResumed, BisectEnded>;

std::string_view word(bisect::Saw saw);

// A line without its end, and back. BadInput: it is none.
std::string lineOf(const BisectEvent& event);
Result<BisectEvent> eventOf(std::string_view line);

// The events of a log's text. A last line that is not whole is left out: whoever wrote it was killed. BadInput points
// at the line; a log begins with BisectBegun.
Result<std::vector<BisectEvent>> eventsOf(std::string_view text, const std::string& file);

// Appends to the log; each line is on the disk before the next is written.
class BisectLog {
 public:
  // Cuts off a last line that is not whole.
  static Result<BisectLog> open(const std::filesystem::path& file);
  BisectLog(BisectLog&& other) noexcept;
  BisectLog& operator=(BisectLog&&) = delete;
  ~BisectLog();

  Result<void> add(const BisectEvent& event);
  Result<void> tell(std::string_view story);  // lines of a reader's

 private:
  BisectLog(std::filesystem::path file, int descriptor) : file_(std::move(file)), descriptor_(descriptor) {}
  Result<void> write(std::string_view text);
  Result<void> notWritten() const;

  std::filesystem::path file_;
  int descriptor_;
};

}  // namespace relapse::campaign
