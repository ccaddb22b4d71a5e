// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace relapse::guest_programs {

using Arguments = std::vector<std::string>;

struct Ran {
  int status = -1;
  std::string output;
  std::string errors;

  nlohmann::json last() const;  // line of the output; null when there is none
};

std::string programPath(const std::string& name);
Ran run(const std::string& name, const Arguments& arguments);
Ran shell(const std::string& command);

// A folder of its own on a disk: data must be droppable from the cache there.
class OnDisk : public testing::Test {
 protected:
  OnDisk();
  ~OnDisk() override;
  void SetUp() override;  // skips where the build folder lies in memory

  // `name` on the file "f", by seed 7.
  Ran work(const std::string& name, const Arguments& more = {}) const;
  std::string content(const std::string& name = "f") const;
  void put(std::size_t offset, const std::string& bytes, const std::string& name = "f") const;

  std::filesystem::path folder_;
};

// A program that was stopped when its writers, processes, had started; they went on to their end, and it has not
// looked at their data yet.
class Halted {
 public:
  Halted(const std::string& name, const std::filesystem::path& folder, int writers, const Arguments& more);
  ~Halted();

  bool ready() const { return ready_; }
  Ran goOn();

 private:
  void halt(const std::vector<std::string>& argv, int writers);

  pid_t pid_ = -1;
  std::filesystem::path output_;
  bool ready_ = false;
};

}  // namespace relapse::guest_programs
