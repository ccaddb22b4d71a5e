// SPDX-License-Identifier: GPL-2.0-or-later
#include "run/stages.hpp"

namespace relapse::run {

void Stages::begin(const std::string& name) {
  if (!name_.empty()) end(true, {});
  name_ = name;
  began_ = std::chrono::steady_clock::now();
  if (observer_) observer_({name_, StageUpdate::What::Begun, 0, 0, {}, {}});
}

void Stages::progress(long done, long total, const std::string& text) {
  if (observer_ && !name_.empty()) observer_({name_, StageUpdate::What::Progress, done, total, text, {}});
}

void Stages::end(bool good, const std::string& text) {
  if (name_.empty()) return;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_);
  times_.push_back({name_, took});
  if (observer_) observer_({name_, good ? StageUpdate::What::Done : StageUpdate::What::Failed, 0, 0, text, took});
  name_.clear();
}

}  // namespace relapse::run
