// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/doctor.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>

#include <fmt/format.h>

#include "process/process.hpp"

namespace relapse::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kDiskForAKernel = 6ull << 30;
constexpr std::uint64_t kMemoryForAGuest = 1ull << 30;
// Where Debian has it on a host of this machine.
#if defined(__aarch64__)
constexpr std::string_view kLibvirtDriver =
    "/usr/lib/aarch64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so";
#else
constexpr std::string_view kLibvirtDriver =
    "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so";
#endif
constexpr const char* kInstall = "apt-get install --no-install-recommends ";

Finding program(const Requirement& wanted) {
  const bool isPath = wanted.what.front() == '/';
  std::error_code error;
  std::string where;
  if (isPath && fs::exists(wanted.what, error)) where = wanted.what;
  if (!isPath)
    if (const auto found = process::findProgram(wanted.what)) where = found->string();
  if (!where.empty()) return {true, std::string(wanted.what), where, {}};
  return {false, std::string(wanted.what), fmt::format("missing: {}", wanted.why),
          kInstall + std::string(wanted.package)};
}

Finding qemuAccount() {
  constexpr const char* kAccount = "libvirt-qemu";
  if (geteuid() != 0) return {true, "QEMU's account", "yours: relapse does not run as root", {}};
  if (getpwnam(kAccount) != nullptr && getgrnam(kAccount) != nullptr) return {true, "QEMU's account", kAccount, {}};
  return {
      false, "QEMU's account", fmt::format("missing: as root QEMU runs under the account {}", kAccount),
      fmt::format("useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin {}",
                  kAccount)};
}

fs::path existingParent(fs::path folder) {
  std::error_code error;
  while (!fs::exists(folder, error) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

Finding disk(const fs::path& cache) {
  struct statvfs room {};
  const fs::path there = existingParent(cache);
  if (statvfs(there.c_str(), &room) != 0)
    return {false, "disk", cache.string() + " cannot be looked at", "--state-dir DIR"};
  const std::uint64_t bytes = room.f_bavail * room.f_frsize;
  const std::string detail =
      fmt::format("{:.1f} GiB free for {}", static_cast<double>(bytes) / (1ull << 30), cache.string());
  if (bytes >= kDiskForAKernel) return {true, "disk", detail, {}};
  return {false, "disk", detail + ", a kernel wants 6", "free space, or give --state-dir a larger disk"};
}

Finding writable(const fs::path& folder) {
  if (access(existingParent(folder).c_str(), W_OK) == 0) return {true, "folder", folder.string(), {}};
  return {false, "folder", folder.string() + " cannot be written", "give --state-dir a folder of yours"};
}

Finding memory() {
  const auto bytes =
      static_cast<std::uint64_t>(sysconf(_SC_AVPHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  std::uint64_t available = bytes;
  std::ifstream file("/proc/meminfo");
  for (std::string key; file >> key;) {
    if (key == "MemAvailable:" && file >> available) available <<= 10;
    file.ignore(256, '\n');
  }
  const std::string detail = fmt::format("{:.1f} GiB available", static_cast<double>(available) / (1ull << 30));
  if (available >= kMemoryForAGuest) return {true, "memory", detail, {}};
  return {false, "memory", detail + ", a guest and its build want 1", "end other programs"};
}

Finding sysfs() {
  std::error_code error;
  if (fs::exists("/sys/devices/system/cpu/online", error)) return {true, "sysfs", "/sys", {}};
  return {false, "sysfs", "not mounted: libvirt starts no guest without it", "mount -t sysfs sysfs /sys"};
}

Finding guestPrograms(const fs::path& overlay) {
  std::error_code error;
  if (fs::exists(overlay / "init", error)) return {true, "guest programs", overlay.string(), {}};
  return {false, "guest programs", "not built", "cmake --build build"};
}

}  // namespace

const std::vector<Requirement>& requirements() {
  static const std::vector<Requirement> table = {
      {"qemu-system-aarch64", "qemu-system-arm", "it runs the guests"},
      {kLibvirtDriver, "libvirt-daemon-driver-qemu", "libvirt's QEMU driver, which runs inside relapse"},
      {"/usr/lib/libvirt/libvirt_iohelper", "libvirt-daemon", "libvirt writes memory dumps through it"},
      {"aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu", "it compiles the kernels"},
      {"aarch64-linux-gnu-ld", "binutils-aarch64-linux-gnu", "it links the kernels"},
      {"gcc", "gcc", "kernels build tools of their own for this host"},
      {"make", "make", "it builds the kernels"},
      {"bc", "bc", "the kernel's build uses it"},
      {"bison", "bison", "the kernel's build uses it"},
      {"flex", "flex", "the kernel's build uses it"},
      {"perl", "perl", "the kernel's build uses it"},
      {"ccache", "ccache", "it makes the second build fast"},
      {"git", "git", "it applies the series"},
      {"apt-get", "apt", "it downloads the guest's packages"},
      {"dpkg-deb", "dpkg", "it unpacks the guest's packages"},
      {"xz", "xz-utils", "kernel sources come compressed with it"},
      {"drgn", "python3-drgn", "it looks into memory dumps"},
      {"aarch64-linux-gnu-objdump", "binutils-aarch64-linux-gnu", "it disassembles what a CPU was at"},
      {"gnuplot", "gnuplot-nox", "it draws rates and time-to-event curves on pages"},
  };
  return table;
}

std::vector<Finding> examine(const run::Places& places) {
  std::vector<Finding> findings;
  for (const auto& wanted : requirements()) findings.push_back(program(wanted));
  findings.push_back(sysfs());
  findings.push_back(qemuAccount());
  findings.push_back(guestPrograms(places.guestOverlay));
  findings.push_back(writable(places.cache));
  findings.push_back(writable(places.state));
  findings.push_back(disk(places.cache));
  findings.push_back(memory());
  return findings;
}

std::vector<Finding> describe(const std::vector<Leftover>& leftovers) {
  std::vector<Finding> findings;
  for (const auto& left : leftovers)
    findings.push_back({true, left.what, fmt::format("{}: of a relapse that was killed", left.path.string()),
                        "relapse doctor --clean"});
  return findings;
}

std::string doctorText(const std::vector<Finding>& findings, bool colour) {
  std::string out;
  std::set<std::string> packages;
  for (const auto& finding : findings) {
    const bool fine = finding.good && finding.mend.empty();
    const char* word = fine ? "ok   " : finding.good ? "left " : "lacks";
    const char* hue = fine ? "32" : finding.good ? "33" : "31";
    const std::string painted = colour ? fmt::format("\x1b[{}m{}\x1b[0m", hue, word) : word;
    out += fmt::format("{}  {:<22}  {}\n", painted, fs::path(finding.what).filename().string(), finding.detail);
    if (fine) continue;
    out += fmt::format("{:31}mend: {}\n", "", finding.mend);
    if (finding.mend.starts_with(kInstall)) packages.insert(finding.mend.substr(std::string_view(kInstall).size()));
  }
  if (packages.size() > 1) out += fmt::format("\nall at once: {}{}\n", kInstall, fmt::join(packages, " "));
  return out;
}

}  // namespace relapse::cli
