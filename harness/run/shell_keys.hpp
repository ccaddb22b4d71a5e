// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace relapse::run {

// Tells what is typed for the guest from what is typed for the host: Ctrl-] begins a line of the host's, Enter ends
// it; Ctrl-C, Ctrl-D or an empty line leave it; Ctrl-] twice is one Ctrl-] for the guest. Pure.
class ShellKeys {
 public:
  struct Typed {
    std::string guest = {};                  // to the guest
    std::string echo = {};                   // to the screen
    std::vector<std::string> commands = {};  // lines for the host
  };
  Typed feed(std::string_view bytes);

  // In a line of the host's.
  bool atHost() const { return host_; }

 private:
  void feedHost(char byte, Typed& typed);
  bool swallows(char byte);
  void leave(Typed& typed);

  bool host_ = false;
  int sequence_ = 0;  // of an arrow key or the like: 1 behind ESC, 2 behind ESC [
  std::string line_;
};

// The other end of `/relapse/shell --piped`: what it prints, without its prompts. Pure.
class PipedShell {
 public:
  // What of `bytes` is output.
  std::string feed(std::string_view bytes);

  bool ready() const { return state_ == State::Ready; }          // the next command may come
  bool wantsMore() const { return state_ == State::WantsMore; }  // the rest of the command may come
  void told() { state_ = State::Busy; }

 private:
  enum class State { Busy, Ready, WantsMore };
  State state_ = State::Busy;
};

// The guest's present line on the screen, so that it can be drawn again behind something else. Pure.
class OpenLine {
 public:
  void feed(std::string_view shown);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace relapse::run
