// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <termios.h>

#include <memory>

#include "run/shell.hpp"

namespace relapse::cli {

// Standard input and output as the user's end of a shell. On a terminal its settings are as they were when this is
// gone, however relapse ended: a small process waits for that. One object in a process.
class UserTerminal : public run::ShellTerminal {
 public:
  // Forks on a terminal: call it before the first thread is started.
  static std::unique_ptr<UserTerminal> open();
  ~UserTerminal() override;
  UserTerminal(const UserTerminal&) = delete;
  UserTerminal& operator=(const UserTerminal&) = delete;

  bool isTerminal() const override { return terminal_; }
  Result<void> begin() override;
  std::optional<std::string> typed() override;
  void show(std::string_view bytes) override;
  void notice(const std::string& line) override;
  Size size() const override;
  bool resized() override;

 private:
  UserTerminal() = default;
  void guard();

  bool terminal_ = false;
  bool raw_ = false;
  bool closed_ = false;
  bool withinLine_ = false;  // on the screen
  termios before_{};
  termios during_{};
  int guardian_ = -1;  // its process
  int pipe_ = -1;      // closes when relapse ends
};

}  // namespace relapse::cli
