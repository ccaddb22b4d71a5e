// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/output.hpp"

#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include "cli/commands.hpp"

namespace relapse::cli {

void Output::write(std::string_view text) {
  if (!broken() && std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) error_ = errno;
}

void Output::flush() {
  if (!broken() && std::fflush(stdout) != 0) error_ = errno;
}

int Output::end(int status) {
  flush();
  if (!broken()) return status;
  if (error_ == EPIPE) return 128 + SIGPIPE;  // as a shell shows it when the signal is not ignored
  printFailure({FailureKind::Exhausted, fmt::format("standard output: {}", std::strerror(error_))});
  return exitStatusOf(FailureKind::Exhausted);
}

}  // namespace relapse::cli
