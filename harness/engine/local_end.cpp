// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/local_end.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

namespace relapse::engine {

JobEnd endOfProcess(const Job& job, bool file, int waitStatus, Told told, const std::string& host) {
  using What = JobEnd::What;
  const auto end = [&](What what, std::string why) { return JobEnd{job.name, what, std::move(why), host}; };
  if (file) return end(What::Result, "");
  if (told == Told::Cancelled) return end(What::Cancelled, "cancelled");
  if (told == Told::Limit) return end(What::NoData, fmt::format("time limit of {} s", job.limit.count()));
  if (WIFSIGNALED(waitStatus)) return end(What::NoData, fmt::format("killed by signal {}", WTERMSIG(waitStatus)));
  const int status = WEXITSTATUS(waitStatus);
  if (status == 0) return end(What::NoData, "ended with status 0 and left no result");
  return end(What::Failed, fmt::format("ended with status {} and left no result", status));
}

}  // namespace relapse::engine
