// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/host_session.hpp"

namespace relapse::cli {

Result<std::unique_ptr<HostSession>> HostSession::open(const std::string& connect, const std::filesystem::path& cache) {
  guest::endAbandonedGuests();
  auto root = guest::makeHostRoot();
  if (!root) return passOn(root.error());
  auto supervisor = guest::Supervisor::start(root->path);
  if (!supervisor) return passOn(supervisor.error());
  std::unique_ptr<HostSession> session(new HostSession(std::move(*root), std::move(*supervisor)));
  auto host = guest::GuestHost::open({connect, session->root(), cache});
  if (!host) return passOn(host.error());
  session->host_ = std::move(*host);
  return session;
}

}  // namespace relapse::cli
