// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/shell_keys.hpp"

namespace relapse::run {
namespace {

constexpr char kEscape = 0x1d;  // Ctrl-]
constexpr char kReady = 0x1e;   // PS1 and PS2 of guest-scripts/shell --piped
constexpr char kWantsMore = 0x1f;
constexpr char kBackspace = 0x08;
constexpr char kDelete = 0x7f;
constexpr char kEraseLine = 0x15;  // Ctrl-U
constexpr char kInterrupt = 0x03;
constexpr char kEnd = 0x04;
constexpr char kSequence = 0x1b;
constexpr std::size_t kLongestLine = 400;
constexpr std::size_t kLongestOpenLine = 1000;

bool isPrintable(char byte) {
  return static_cast<unsigned char>(byte) >= ' ' && byte != kDelete;
}

}  // namespace

ShellKeys::Typed ShellKeys::feed(std::string_view bytes) {
  Typed typed;
  for (const char byte : bytes) {
    if (host_) {
      feedHost(byte, typed);
    } else if (byte == kEscape) {
      host_ = true;
      line_.clear();
      typed.echo += "\r\nrelapse> ";
    } else {
      typed.guest += byte;
    }
  }
  return typed;
}

void ShellKeys::leave(Typed& typed) {
  host_ = false;
  typed.echo += "\r\n";
}

// The rest of what a key sends that has no meaning here: ESC, [, parameters, a letter or ~.
bool ShellKeys::swallows(char byte) {
  if (byte == kSequence) {
    sequence_ = 1;
    return true;
  }
  if (sequence_ == 0) return false;
  if (sequence_ == 1 && (byte == '[' || byte == 'O')) {
    sequence_ = 2;
    return true;
  }
  const bool parameter = (byte >= '0' && byte <= '9') || byte == ';';
  const bool swallowed = sequence_ == 2;
  if (!parameter || sequence_ == 1) sequence_ = 0;
  return swallowed;
}

void ShellKeys::feedHost(char byte, Typed& typed) {
  if (swallows(byte)) return;
  if (byte == '\r' || byte == '\n') {
    leave(typed);
    if (line_.find_first_not_of(' ') != std::string::npos) typed.commands.push_back(line_);
  } else if (byte == kInterrupt || byte == kEnd) {
    leave(typed);
  } else if (byte == kEscape) {
    leave(typed);
    typed.guest += kEscape;
  } else if (byte == kDelete || byte == kBackspace) {
    if (line_.empty()) return;
    line_.pop_back();
    typed.echo += "\b \b";
  } else if (byte == kEraseLine) {
    for (; !line_.empty(); line_.pop_back()) typed.echo += "\b \b";
  } else if (isPrintable(byte) && line_.size() < kLongestLine) {
    line_ += byte;
    typed.echo += byte;
  }
}

std::string PipedShell::feed(std::string_view bytes) {
  std::string output;
  for (const char byte : bytes) {
    if (byte == kReady) {
      state_ = State::Ready;
    } else if (byte == kWantsMore) {
      state_ = State::WantsMore;
    } else {
      output += byte;
    }
  }
  return output;
}

void OpenLine::feed(std::string_view shown) {
  const auto end = shown.rfind('\n');
  if (end != std::string_view::npos) {
    text_.clear();
    shown.remove_prefix(end + 1);
  }
  text_ += shown;
  if (text_.size() > kLongestOpenLine) text_.erase(0, text_.size() - kLongestOpenLine);
}

}  // namespace relapse::run
