// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/embedded_driver.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <fstream>

#include <fmt/format.h>

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;

// The account that libvirt's QEMU driver knows as QEMU's own.
constexpr const char* kQemuAccount = "libvirt-qemu";

}  // namespace

Result<long> qemuOwner() {
  if (geteuid() != 0) return -1L;
  const passwd* account = getpwnam(kQemuAccount);
  if (account == nullptr || getgrnam(kQemuAccount) == nullptr)
    return fail(FailureKind::HostLacks,
                fmt::format("as root QEMU runs under the account and group {}, which this host lacks", kQemuAccount),
                fmt::format("adduser --system --group --no-create-home --home /nonexistent {}", kQemuAccount));
  return static_cast<long>(account->pw_uid);
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
