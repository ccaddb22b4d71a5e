// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/guest_host.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <fmt/format.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "guest/cpio.hpp"
#include "guest/domain_xml.hpp"
#include "guest/embedded_driver.hpp"
#include "guest/libvirt_guest.hpp"
#include "guest/patience.hpp"
#include "guest/streams.hpp"
#include "guest/supervisor.hpp"
#include "process/process.hpp"

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEmulator = "qemu-system-aarch64";
constexpr const char* kRootPrefix = "relapse-";
constexpr const char* kOnlineCpus = "/sys/devices/system/cpu/online";

struct CloseConnection {
  void operator()(virConnect* connection) const { virConnectClose(connection); }
};
using OwnedConnection = std::unique_ptr<virConnect, CloseConnection>;

// libvirt prints errors and warnings to standard error unless it is told not to.
void keepLibvirtQuiet(const fs::path& log) {
  setenv("LIBVIRT_LOG_OUTPUTS", fmt::format("3:file:{}", log.string()).c_str(), 0);
  virSetErrorFunc(nullptr, [](void*, virError*) {});
}

class EventLoop {
 public:
  EventLoop() {
    thread_ = std::jthread([](const std::stop_token& stop) {
      // The timer wakes the loop, so that it sees the request to stop. Whoever inherits a QEMU must reap
      // it, or libvirt waits for its end in vain.
      const int timer = virEventAddTimeout(
          100, [](int, void*) { reapGuests(); }, nullptr, nullptr);
      while (!stop.stop_requested()) virEventRunDefaultImpl();
      virEventRemoveTimeout(timer);
    });
  }

 private:
  std::jthread thread_;
};

GuestEnd endOf(int detail) {
  switch (detail) {
    case VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN:
      return PoweredOff{};
    case VIR_DOMAIN_EVENT_STOPPED_CRASHED:
      return QemuDied{"QEMU reported a crash"};
    case VIR_DOMAIN_EVENT_STOPPED_FAILED:
      return QemuDied{"QEMU's process ended unexpectedly"};
    default:
      return QemuDied{"somebody else ended the domain"};
  }
}

int onLifecycle(virConnectPtr, virDomainPtr domain, int event, int detail, void* ends) {
  if (event == VIR_DOMAIN_EVENT_STOPPED) static_cast<Ends*>(ends)->stopped(virDomainGetName(domain), endOf(detail));
  return 0;
}

void onReboot(virConnectPtr, virDomainPtr domain, void* ends) {
  static_cast<Ends*>(ends)->rebooted(virDomainGetName(domain));
}

class LibvirtHost : public GuestHost {
 public:
  LibvirtHost(HostOptions options, fs::path emulator, long owner)
      : options_(std::move(options)),
        emulator_(std::move(emulator)),
        owner_(owner),
        kvm_(kvmUsable(owner, machineOfHost())) {}

  ~LibvirtHost() override {
    if (connection_)
      for (const int id : callbacks_) virConnectDomainEventDeregisterAny(connection_.get(), id);
    connection_.reset();
    std::error_code ignored;
    fs::remove_all(options_.root, ignored);  // its being gone tells the supervisor that all is well
  }

  Result<void> connect(const std::string& uri) {
    connection_.reset(virConnectOpen(uri.c_str()));
    if (!connection_)
      return fail(FailureKind::HostLacks, fmt::format("libvirt cannot open {}: {}", uri, libvirtSays()),
                  "relapse doctor");
    callbacks_.push_back(virConnectDomainEventRegisterAny(connection_.get(), nullptr, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                                          VIR_DOMAIN_EVENT_CALLBACK(onLifecycle), &ends_, nullptr));
    callbacks_.push_back(virConnectDomainEventRegisterAny(connection_.get(), nullptr, VIR_DOMAIN_EVENT_ID_REBOOT,
                                                          VIR_DOMAIN_EVENT_CALLBACK(onReboot), &ends_, nullptr));
    return {};
  }

  Result<std::unique_ptr<Guest>> start(const GuestSpec& spec, Mailbox& mailbox) override {
    const int number = ++started_;
    const fs::path folder = options_.root / std::to_string(number);
    auto guest = startIn(folder, fmt::format("relapse-{}-{}-{}", getpid(), number, spec.node), spec, mailbox);
    std::error_code ignored;
    if (!guest) fs::remove_all(folder, ignored);
    return guest;
  }

 private:
  Result<std::unique_ptr<Guest>> startIn(const fs::path& folder, const std::string& name, const GuestSpec& spec,
                                         Mailbox& mailbox) {
    const auto files = bootFiles(spec, folder);
    if (!files) return passOn(files.error());
    auto streams = listen(spec, folder, mailbox);
    if (!streams) return passOn(streams.error());
    const std::string xml =
        domainXml({name, spec.hardware, files->first, files->second, kernelCommandLine(), folder / "c", folder / "a",
                   emulator_, spec.terminal ? std::optional(folder / "t") : std::nullopt, spec.links, spec.disk, kvm_});
    ends_.expect(name, spec.node, mailbox);
    const Patience patience(Patience::Clock::now() + kPatience, [&] { killGuestsOf(folder); });
    OwnedDomain domain(virDomainCreateXML(connection_.get(), xml.c_str(), spec.stopped ? VIR_DOMAIN_START_PAUSED : 0));
    if (!domain) {
      const std::string why =  // libvirt's before other calls of it forget it
          patience.gaveUp() ? fmt::format("it did not answer for {} s", kPatience.count()) : libvirtSays();
      ends_.forget(name);
      streams->close();
      return fail(FailureKind::GuestFailed, fmt::format("QEMU does not start the guest {}: {}", spec.node, why));
    }
    rememberProbe();
    auto guest = std::make_unique<LibvirtGuest>(
        std::move(domain),
        GuestParts{name, spec.node, folder, options_.root / "log/qemu" / (name + ".log"), xml, std::move(*streams),
                   cardNames(spec.hardware, spec.links.size()), kvm_, &mailbox, &ends_});
    if (spec.gdb)
      if (auto listening = guest->listenForGdb(); !listening) return passOn(listening.error());
    return std::unique_ptr<Guest>(std::move(guest));
  }

  Result<GuestStreams> listen(const GuestSpec& spec, const fs::path& folder, Mailbox& mailbox) {
    GuestStreams streams;
    const auto open = [&](std::shared_ptr<Stream>& stream, const char* name, Stream::Purpose purpose) -> Result<void> {
      auto made = Stream::listen(folder / name, purpose, spec.node, mailbox, owner_);
      if (!made) return passOn(made.error());
      stream = *made;
      return {};
    };
    auto opened = open(streams.console, "c", Stream::Purpose::Console);
    if (opened) opened = open(streams.agent, "a", Stream::Purpose::Agent);
    if (opened && spec.terminal) opened = open(streams.terminal, "t", Stream::Purpose::Terminal);
    if (opened) return streams;
    streams.close();
    return passOn(opened.error());
  }

  // QEMU may run under an account that cannot read the user's folders: it gets copies of its own.
  Result<std::pair<fs::path, fs::path>> bootFiles(const GuestSpec& spec, const fs::path& folder) {
    std::error_code error;
    fs::create_directory(folder, error);
    fs::permissions(folder, fs::perms(0711), error);
    const fs::path kernel = folder / "Image";
    const fs::path root = folder / "root.cpio";
    if (auto joined = joinArchives(spec.archives, root); !joined) return passOn(joined.error());
    fs::copy_file(spec.kernel, kernel, fs::copy_options::overwrite_existing, error);
    if (error)
      return fail(FailureKind::Exhausted,
                  fmt::format("{} -> {}: {}", spec.kernel.string(), kernel.string(), error.message()));
    for (const auto& file : {kernel, root}) fs::permissions(file, fs::perms(0644), error);
    return std::pair{kernel, root};
  }

  // Probing QEMU takes seconds; what libvirt learnt is kept for the next process.
  void rememberProbe() {
    if (!options_.connect.empty() || probeKept_) return;
    probeKept_ = true;
    const fs::path learnt = options_.root / "cache/qemu/capabilities";
    const fs::path kept = options_.cache / "libvirt-capabilities";
    std::error_code ignored;
    fs::create_directories(kept, ignored);
    for (fs::directory_iterator entry(learnt, ignored), end; entry != end; entry.increment(ignored)) {
      const fs::path part = kept / fmt::format("{}.{}.part", entry->path().filename().string(), getpid());
      fs::copy_file(entry->path(), part, fs::copy_options::overwrite_existing, ignored);
      fs::rename(part, kept / entry->path().filename(), ignored);
    }
  }

  HostOptions options_;
  fs::path emulator_;
  long owner_;
  bool kvm_;
  Ends ends_;
  OwnedConnection connection_;
  std::vector<int> callbacks_;
  std::atomic<int> started_{0};
  bool probeKept_ = false;
};

// libvirt's loop serves the whole process, and lives as long.
void runEventLoopOnce(const fs::path& root) {
  static const bool registered = [&root] {
    keepLibvirtQuiet(root / "libvirt.log");
    virEventRegisterDefaultImpl();
    return true;
  }();
  static EventLoop loop;
  (void)registered;
}

// "qemu:///system" but not "qemu+ssh://host/system": kernel, sockets and dumps are files of this host.
bool isOnThisHost(const std::string& uri) {
  return uri.empty() || uri.starts_with("qemu:///");
}

}  // namespace

Result<std::unique_ptr<GuestHost>> GuestHost::open(const HostOptions& options) {
  if (!isOnThisHost(options.connect))
    return fail(FailureKind::BadInput, fmt::format("--connect: expected a libvirt on this host such as qemu:///system, "
                                                   "found \"{}\"",
                                                   options.connect));
  const auto emulator = process::findProgram(kEmulator);
  if (!emulator)
    return fail(FailureKind::HostLacks, fmt::format("{} is not on this host", kEmulator),
                "apt-get install qemu-system-arm");
  if (!fs::exists(kOnlineCpus))  // libvirt would fail without a word of why
    return fail(FailureKind::HostLacks, fmt::format("{} is not there: libvirt starts no guest without it", kOnlineCpus),
                "mount -t sysfs sysfs /sys");
  auto owner = qemuOwner();
  if (!owner) return passOn(owner.error());
  if (options.connect.empty()) {
    if (auto ready = prepareEmbedded(options.root, options.cache); !ready) return passOn(ready.error());
  }
  // libvirt daemonizes QEMU, and some inits reap late: be the one who does.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  runEventLoopOnce(options.root);
  auto host = std::make_unique<LibvirtHost>(options, *emulator, *owner);
  const std::string uri =
      options.connect.empty() ? fmt::format("qemu:///embed?root={}", options.root.string()) : options.connect;
  if (auto connected = host->connect(uri); !connected) return passOn(connected.error());
  return std::unique_ptr<GuestHost>(std::move(host));
}

Result<void> makeDisk(const fs::path& file, std::uint64_t size) {
  const auto owner = qemuOwner();
  if (!owner) return passOn(owner.error());
  const int image = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool made = image >= 0 && ftruncate(image, static_cast<off_t>(size)) == 0 &&
                    (*owner < 0 || fchown(image, static_cast<uid_t>(*owner), static_cast<gid_t>(-1)) == 0);
  const std::string why = std::strerror(errno);
  if (image >= 0) ::close(image);
  if (image >= 0 && !made) ::unlink(file.c_str());
  if (!made) return fail(FailureKind::Exhausted, fmt::format("{}: {}", file.string(), why));
  return {};
}

fs::path hostRoots() {
  const char* own = std::getenv(geteuid() == 0 ? "TMPDIR" : "XDG_RUNTIME_DIR");
  std::error_code error;
  return own != nullptr && *own != '\0' && fs::is_directory(own, error) ? fs::path(own) : fs::path("/tmp");
}

Result<process::OwnFolder> makeHostRoot() {
  const auto account = qemuAccount();
  if (!account) return passOn(account.error());
  auto root = process::makeOwnFolder(hostRoots(), kRootPrefix);
  if (!root || !*account) return root;
  // QEMU's account passes through and cannot list.
  if (::chown(root->path.c_str(), static_cast<uid_t>(-1), (*account)->group) != 0 ||
      ::chmod(root->path.c_str(), 0710) != 0)
    return fail(FailureKind::Exhausted, fmt::format("{}: {}", root->path.string(), std::strerror(errno)));
  return root;
}

std::size_t endAbandonedGuests() {
  const auto left = process::abandonedIn(hostRoots());
  std::error_code ignored;
  for (const auto& one : left) {
    killGuestsOf(one.folder);
    fs::remove_all(one.folder, ignored);
  }
  return left.size();
}

}  // namespace relapse::guest
