// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "run/values.hpp"

namespace relapse::cli {

// Shows a run's stages on standard error: live on a terminal (one line that is drawn again, with the
// time running), plain lines elsewhere, nothing when quiet. Thread-safe.
class Display {
 public:
  Display(bool terminal, bool quiet, bool colour);
  ~Display();

  void show(const run::StageUpdate& update);

 private:
  void drawLive(const run::StageUpdate& update);
  void redraw();
  void plainLine(const run::StageUpdate& update);

  const bool terminal_;
  const bool quiet_;
  const bool colour_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  run::StageUpdate present_;
  bool active_ = false;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point lastPlain_;
  std::jthread ticker_;
};

}  // namespace relapse::cli
