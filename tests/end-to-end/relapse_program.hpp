// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace relapse::e2e {

// build/relapse as a user runs it, with a state folder of the test's own and the user's cache.
struct Ran {
  int status = -1;
  std::string output;     // standard output
  std::string errors;     // standard error
  nlohmann::json result;  // of --json; null if there was none
};

class StateFolder {
 public:
  StateFolder();
  ~StateFolder();
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path onlyRun() const;  // its one finished run

 private:
  std::filesystem::path path_;
};

using Environment = std::map<std::string, std::string>;

// `relapse ARGUMENTS --json`, with XDG_STATE_HOME in `state`.
Ran relapse(const StateFolder& state, std::vector<std::string> arguments, const Environment& environment = {});

// The command line before it is run: for other ways of starting it.
std::vector<std::string> commandLine(std::vector<std::string> arguments);

// A program in the background, leader of its process group.
pid_t spawn(const std::vector<std::string>& argv, const Environment& environment, const std::filesystem::path& output);
int waitFor(pid_t pid);    // exit status, or 128 + the signal
bool hasEnded(pid_t pid);  // before waitFor()

// The QEMUs of relapse `pid`.
std::vector<pid_t> guestsOf(pid_t pid);

// All bytes of a file; empty when it cannot be read.
std::string contentOf(const std::filesystem::path& file);

// Polls until it holds.
bool eventually(std::chrono::seconds patience, const std::function<bool()>& holds);

}  // namespace relapse::e2e
