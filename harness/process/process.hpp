// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "failure/values.hpp"

namespace relapse::process {

// A program to run. It gets the caller's environment with LC_ALL=C, then `environment` on top;
// its standard input is /dev/null.
struct Command {
  std::vector<std::string> argv;         // argv[0] is looked up in PATH when it holds no '/'
  std::filesystem::path directory = {};  // empty: the caller's
  std::map<std::string, std::string> environment = {};
  std::vector<std::string> unset = {};  // variables of the caller that it does not get
  // Gets both streams, appended, in the caller's stead; made if missing. Empty: the caller reads them.
  std::filesystem::path outputFile = {};
};

struct Exited {
  int status = 0;
};
struct Killed {
  int signal = 0;
};
struct DeadlinePassed {};
using End = std::variant<Exited, Killed, DeadlinePassed>;

struct Output {
  End end;
  std::string standardOutput;  // the last `keepBytes` of each
  std::string standardError;
  bool succeeded() const;
};

enum class Stream { Output, Error };

struct Options {
  std::function<void(Stream, std::string_view line)> onLine =
      {};  // without the line end; called on the caller's thread
  std::optional<std::chrono::milliseconds> deadline = {};
  std::stop_token stop = {};
  std::size_t keepBytes = 16u << 20;
};

// Runs a program to its end. The child leads a process group of its own, which is ended (SIGTERM,
// 2 s later SIGKILL) when the deadline passes, when stop is requested (FailureKind::Cancelled) or
// when this process dies (then its leader alone gets SIGTERM, from the kernel). What the program
// leaves in its group is read until its end, 2 s at most, and killed. A program that cannot be
// started is FailureKind::HostLacks.
// Thread-safe; never installs a SIGCHLD handler (libvirt has children of its own).
Result<Output> run(const Command& command, const Options& options = {});

// run(), and a status other than 0 is a failure of `kind` that quotes the command and the last
// lines of what it printed.
Result<Output> runChecked(const Command& command, const Options& options = {},
                          FailureKind kind = FailureKind::HostLacks);

// Full path of a program found in PATH; nothing if there is none.
std::optional<std::filesystem::path> findProgram(std::string_view name);

}  // namespace relapse::process
