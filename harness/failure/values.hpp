// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace relapse {

// Why something could not be done. The kind decides the exit status; the message is for a person
// and says what happened, where, and what was expected.
enum class FailureKind {
  BadInput,     // the user's file, option or patch is wrong
  HostLacks,    // a program, package, permission or network is missing on this host
  BuildFailed,  // the kernel does not compile
  Exhausted,    // disk, memory or a deadline ran out
  Cancelled,    // Ctrl-C or SIGTERM
  GuestFailed,  // QEMU, libvirt or the guest's agent did not do its part
  Internal,     // a defect in relapse
};

struct Failure {
  FailureKind kind = FailureKind::Internal;
  std::string message;
  std::string advice = {};  // the command or change that mends it; may be empty
};

// A value or a Failure. Must be used.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Failure> {
 public:
  using tl::expected<T, Failure>::expected;
};

inline tl::unexpected<Failure> fail(FailureKind kind, std::string message, std::string advice = {}) {
  return tl::unexpected<Failure>(Failure{kind, std::move(message), std::move(advice)});
}

inline tl::unexpected<Failure> passOn(Failure failure) {
  return tl::unexpected<Failure>(std::move(failure));
}

}  // namespace relapse
