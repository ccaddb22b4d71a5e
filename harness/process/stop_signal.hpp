// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/eventfd.h>

#include <stop_token>

#include "process/descriptor.hpp"

namespace relapse::process {

// Makes a poll() return when stop is requested: its descriptor is readable from then on.
class StopSignal {
 public:
  explicit StopSignal(const std::stop_token& stop)
      : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), callback_(stop, Raise{event_.get()}) {}
  int descriptor() const { return event_.get(); }

 private:
  struct Raise {
    int event;
    void operator()() const noexcept { ::eventfd_write(event, 1); }
  };
  Descriptor event_;
  std::stop_callback<Raise> callback_;
};

}  // namespace relapse::process
