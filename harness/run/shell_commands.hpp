// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "run/experiment.hpp"
#include "run/faults.hpp"
#include "scenario/values.hpp"

namespace relapse::run {

// What a person may ask of the host during a shell: faults, the scenario's steps, the console, gdb. For the run's
// thread.
class ShellCommands {
 public:
  struct Session {
    const scenario::Scenario& scenario;
    Experiment& experiment;
    Faults& faults;
    std::filesystem::path directory;  // of the consoles
    std::vector<std::string> gdb;     // lines: how to attach; or why not
    std::function<void(const std::string& line)> say;
  };
  explicit ShellCommands(Session session) : session_(std::move(session)) {}

  // "fault link-down server". False: the session is to end.
  bool obey(const std::string& line);

 private:
  void takeFault(const std::vector<std::string>& words);
  void takeSteps();
  void showConsole(const std::vector<std::string>& words);
  void help();
  void report(const Result<void>& done, const std::string& what);

  Session session_;
};

}  // namespace relapse::run
