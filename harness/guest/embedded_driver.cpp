// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/embedded_driver.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include <fmt/format.h>

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;

// The account that libvirt's QEMU driver knows as QEMU's own.
constexpr const char* kQemuAccount = "libvirt-qemu";

}  // namespace

Result<std::optional<QemuAccount>> qemuAccount() {
  if (geteuid() != 0) return std::optional<QemuAccount>();
  const passwd* account = getpwnam(kQemuAccount);
  const group* accounts = getgrnam(kQemuAccount);
  if (account == nullptr || accounts == nullptr)
    return fail(FailureKind::HostLacks,
                fmt::format("as root QEMU runs under the account and group {}, which this host lacks", kQemuAccount),
                fmt::format("adduser --system --group --no-create-home --home /nonexistent {}", kQemuAccount));
  return std::optional(QemuAccount{account->pw_uid, accounts->gr_gid});
}

Result<long> qemuOwner() {
  const auto account = qemuAccount();
  if (!account) return passOn(account.error());
  return *account ? static_cast<long>((*account)->user) : -1L;
}

std::string machineOfHost() {
  utsname host{};
  return uname(&host) == 0 ? host.machine : "";
}

bool kvmUsable(long owner, const std::string& machine, const fs::path& device) {
  if (machine != "aarch64") return false;
  if (owner < 0) return access(device.c_str(), R_OK | W_OK) == 0;
  struct stat status = {};
  if (stat(device.c_str(), &status) != 0) return false;
  if ((status.st_mode & (S_IROTH | S_IWOTH)) == (S_IROTH | S_IWOTH)) return true;
  const passwd* account = getpwuid(static_cast<uid_t>(owner));
  if (account == nullptr) return false;
  std::vector<gid_t> groups(256);
  int count = static_cast<int>(groups.size());
  if (getgrouplist(account->pw_name, account->pw_gid, groups.data(), &count) < 0) return false;
  groups.resize(static_cast<std::size_t>(count));
  const bool mayOpen = (status.st_mode & (S_IRGRP | S_IWGRP)) == (S_IRGRP | S_IWGRP);
  return mayOpen && std::ranges::find(groups, status.st_gid) != groups.end();
}

Result<void> prepareEmbedded(const fs::path& root, const fs::path& cache) {
  std::error_code error;
  fs::create_directories(root / "etc", error);
  std::ofstream conf(root / "etc/qemu.conf");
  conf << "stdio_handler = \"file\"\n"  // there is no virtlogd
          "security_driver = \"none\"\n"
          "namespaces = []\n"
          "cgroup_controllers = []\n"
          "dynamic_ownership = 0\n"  // files of the user's stay the user's
          "remember_owner = 0\n"
          "seccomp_sandbox = 1\n";
  if (geteuid() == 0) conf << fmt::format("user = \"{0}\"\ngroup = \"{0}\"\n", kQemuAccount);
  conf.close();
  if (!conf) return fail(FailureKind::Exhausted, fmt::format("{}: cannot be written", (root / "etc").string()));
  const fs::path kept = cache / "libvirt-capabilities";
  const fs::path known = root / "cache/qemu/capabilities";
  if (fs::exists(kept, error)) {
    fs::create_directories(known, error);
    for (fs::directory_iterator entry(kept, error), end; entry != end; entry.increment(error))
      if (entry->path().extension() == ".xml") fs::copy_file(entry->path(), known / entry->path().filename(), error);
  }
  return {};
}

}  // namespace relapse::guest
