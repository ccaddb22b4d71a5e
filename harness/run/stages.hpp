// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "report/values.hpp"
#include "run/values.hpp"

namespace relapse::run {

// Times the stages of a run and tells the observer. One stage at a time.
class Stages {
 public:
  explicit Stages(const Observer& observer) : observer_(observer) {}

  // Runs `work` (which returns a Result) as the stage `name`.
  template <class Work>
  auto in(const std::string& name, Work work) {
    begin(name);
    auto result = work();
    end(static_cast<bool>(result), result ? std::string() : result.error().message);
    return result;
  }

  // Ends the present stage, if any, and begins the next.
  void begin(const std::string& name);
  void progress(long done, long total, const std::string& text);
  void end(bool good, const std::string& text);

  const std::vector<report::StageTime>& times() const { return times_; }

 private:
  const Observer& observer_;
  std::string name_;
  std::chrono::steady_clock::time_point began_;
  std::vector<report::StageTime> times_;
};

}  // namespace relapse::run
