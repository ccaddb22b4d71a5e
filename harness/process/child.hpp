// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include "failure/values.hpp"
#include "process/descriptor.hpp"
#include "process/process.hpp"

namespace relapse::process {

// A started program that leads a process group of its own. Destroying it kills the group and reaps
// the program. It gets SIGTERM from the kernel when the thread that started it ends. Not thread-safe.
class Child {
 public:
  static Result<Child> start(const Command& command);

  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  int output() const { return output_.get(); }  // non-blocking read ends; -1 with Command::outputFile
  int error() const { return error_.get(); }
  int ended() const { return ended_.get(); }  // a pidfd: readable when the program has ended

  void signalGroup(int signal) const;
  int reap();  // kills what is left of the group; waits for the program; its wait status

 private:
  Child() = default;

  pid_t pid_ = -1;  // -1 once reaped
  Descriptor output_, error_, ended_;
};

}  // namespace relapse::process
