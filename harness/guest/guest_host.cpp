// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/guest_host.hpp"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "guest/cpio.hpp"
#include "guest/domain_xml.hpp"
#include "guest/embedded_driver.hpp"
#include "guest/sampling.hpp"
#include "guest/sparse_sink.hpp"
#include "guest/streams.hpp"
#include "guest/supervisor.hpp"
#include "process/process.hpp"

namespace relapse::guest {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEmulator = "qemu-system-aarch64";
constexpr int kMostVcpus = 512;
constexpr const char* kOnlineCpus = "/sys/devices/system/cpu/online";

struct CloseConnection {
  void operator()(virConnect* connection) const { virConnectClose(connection); }
};
struct DestroyAndFree {
  void operator()(virDomain* domain) const {
    virDomainDestroy(domain);  // fails when it has ended by itself, which is as good
    virDomainFree(domain);
  }
};
using OwnedConnection = std::unique_ptr<virConnect, CloseConnection>;
using OwnedDomain = std::unique_ptr<virDomain, DestroyAndFree>;

std::string libvirtSays() {
  const char* message = virGetLastErrorMessage();
  return message != nullptr ? message : "no reason given";
}

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

// Who hears of a domain's end.
class Ends {
 public:
  void expect(const std::string& domain, std::string node, Mailbox& mailbox) {
    const std::lock_guard lock(mutex_);
    listeners_[domain] = {std::move(node), &mailbox};
  }
  void forget(const std::string& domain) {
    const std::lock_guard lock(mutex_);
    listeners_.erase(domain);
  }
  void rebooted(const std::string& domain) { tell(domain, Reset{}); }
  void stopped(const std::string& domain, GuestEnd end) { tell(domain, std::move(end)); }

 private:
  struct Listener {
    std::string node;
    Mailbox* mailbox;
  };
  void tell(const std::string& domain, GuestEnd end) {
    const std::lock_guard lock(mutex_);
    const auto found = listeners_.find(domain);
    if (found == listeners_.end()) return;
    found->second.mailbox->put({std::chrono::steady_clock::now(), found->second.node, GuestStopped{std::move(end)}});
    listeners_.erase(found);
  }
  std::mutex mutex_;
  std::map<std::string, Listener> listeners_;
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

class LibvirtGuest : public Guest {
 public:
  LibvirtGuest(OwnedDomain domain, std::string name, fs::path folder, std::string xml, std::shared_ptr<Stream> console,
               std::shared_ptr<Stream> agent, Mailbox& mailbox, Ends& ends)
      : domain_(std::move(domain)),
        name_(std::move(name)),
        folder_(std::move(folder)),
        xml_(std::move(xml)),
        console_(std::move(console)),
        agent_(std::move(agent)),
        mailbox_(&mailbox),
        ends_(&ends) {
    mailbox_->whenRoom([console = console_, agent = agent_] {
      console->resume();
      agent->resume();
    });
  }
  ~LibvirtGuest() override { end(); }

  Result<void> tellAgent(const std::string& bytes) override { return agent_->write(bytes); }

  Result<Sample> sample() override {
    if (auto stopped = qmp(R"({"execute":"stop"})"); !stopped) return passOn(stopped.error());
    auto sample = sampleStopped();
    // Whatever came of it, the guest must go on.
    if (auto gone = qmp(R"({"execute":"cont"})"); !gone && sample) return passOn(gone.error());
    return sample;
  }

  std::vector<std::chrono::nanoseconds> vcpuTimes() override {
    std::vector<virVcpuInfo> vcpus(kMostVcpus);
    const int count = virDomainGetVcpus(domain_.get(), vcpus.data(), kMostVcpus, nullptr, 0);
    std::vector<std::chrono::nanoseconds> times;
    for (int i = 0; i < count; ++i) times.emplace_back(vcpus[static_cast<std::size_t>(i)].cpuTime);
    return times;
  }

  std::string versions() override {
    unsigned long libvirt = 0;
    virGetVersion(&libvirt, nullptr, nullptr);
    std::string qemu = monitor("info version").value_or("of an unknown version");
    qemu.erase(qemu.find_last_not_of("\r\n") + 1);
    return fmt::format("libvirt {}.{}.{}, QEMU {}", libvirt / 1000000, libvirt / 1000 % 1000, libvirt % 1000, qemu);
  }

  Result<void> dumpMemory(const fs::path& file) override {
    auto sink = SparseSink::open(folder_ / "dump", file);
    if (!sink) return passOn(sink.error());
    if (virDomainCoreDumpWithFormat(domain_.get(), (folder_ / "dump").c_str(), VIR_DOMAIN_CORE_DUMP_FORMAT_RAW,
                                    VIR_DUMP_MEMORY_ONLY) < 0)
      return fail(FailureKind::GuestFailed, "memory dump: " + libvirtSays());
    if (auto written = (*sink)->finish(); !written) return passOn(written.error());
    return {};
  }

  void end() override {
    if (!domain_) return;
    ends_->forget(name_);
    mailbox_->whenRoom(nullptr);
    console_->close();
    agent_->close();
    killGuestsOf(folder_);  // nothing is worth the seconds that libvirt gives QEMU to leave politely
    domain_.reset();
  }

  const std::string& domainXml() const override { return xml_; }

 private:
  Result<Sample> sampleStopped() {
    auto text = monitor("info registers -a");
    if (!text) return passOn(text.error());
    Sample sample;
    sample.vcpus = readRegisters(*text);
    if (sample.vcpus.empty())
      return fail(FailureKind::GuestFailed, "info registers: QEMU's answer has no registers of an aarch64 CPU");
    for (const auto& vcpu : sample.vcpus) {
      if (!vcpu.inKernel()) continue;
      auto blocks = readStack(vcpu, [&](std::uint64_t address, std::size_t words) {
        return readMemory(memory(vcpu.vcpu, address, words).value_or(""), words);
      });
      std::move(blocks.begin(), blocks.end(), std::back_inserter(sample.stacks));
    }
    return sample;
  }

  // As the vCPU sees it: QEMU translates with its page tables and its privilege.
  Result<std::string> memory(int vcpu, std::uint64_t address, std::size_t words) {
    return qmp(fmt::format(
        R"({{"execute":"human-monitor-command","arguments":{{"command-line":"x /{}gx {:#x}","cpu-index":{}}}}})", words,
        address, vcpu));
  }

  Result<std::string> qmp(const std::string& command) { return monitor(command.c_str(), 0); }

  Result<std::string> monitor(const char* command, unsigned int form = VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP) {
    char* text = nullptr;
    if (virDomainQemuMonitorCommand(domain_.get(), command, &text, form) < 0)
      return fail(FailureKind::GuestFailed, fmt::format("{}: {}", command, libvirtSays()));
    std::string answer(text);
    std::free(text);
    return answer;
  }

  OwnedDomain domain_;
  std::string name_;
  fs::path folder_;
  std::string xml_;
  std::shared_ptr<Stream> console_;
  std::shared_ptr<Stream> agent_;
  Mailbox* mailbox_;
  Ends* ends_;
};

class LibvirtHost : public GuestHost {
 public:
  LibvirtHost(HostOptions options, fs::path emulator, long owner)
      : options_(std::move(options)), emulator_(std::move(emulator)), owner_(owner) {}

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
    auto files = bootFiles(spec, folder);
    if (!files) return passOn(files.error());
    auto console = Stream::listen(folder / "c", Stream::Purpose::Console, spec.node, mailbox, owner_);
    if (!console) return passOn(console.error());
    auto agent = Stream::listen(folder / "a", Stream::Purpose::Agent, spec.node, mailbox, owner_);
    if (!agent) return passOn(agent.error());
    const std::string name = fmt::format("relapse-{}-{}-{}", getpid(), number, spec.node);
    const std::string xml = domainXml(
        {name, spec.hardware, files->first, files->second, kernelCommandLine(), folder / "c", folder / "a", emulator_});
    ends_.expect(name, spec.node, mailbox);
    OwnedDomain domain(virDomainCreateXML(connection_.get(), xml.c_str(), 0));
    if (!domain) {
      const std::string why = libvirtSays();  // before other calls of libvirt forget it
      ends_.forget(name);
      (*console)->close();
      (*agent)->close();
      return fail(FailureKind::GuestFailed, fmt::format("QEMU does not start the guest: {}", why));
    }
    rememberProbe();
    return std::unique_ptr<Guest>(
        std::make_unique<LibvirtGuest>(std::move(domain), name, folder, xml, *console, *agent, mailbox, ends_));
  }

 private:
  // QEMU may run under an account that cannot read the user's folders: it gets copies of its own.
  Result<std::pair<fs::path, fs::path>> bootFiles(const GuestSpec& spec, const fs::path& folder) {
    std::error_code error;
    fs::create_directory(folder, error);
    fs::permissions(folder, fs::perms(0711), error);
    const fs::path kernel = folder / "Image";
    const fs::path root = folder / "root.cpio";
    std::vector<fs::path> archives{spec.root};
    if (!spec.modules.empty()) archives.push_back(spec.modules);
    if (auto joined = joinArchives(archives, root); !joined) return passOn(joined.error());
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

Result<fs::path> makeHostRoot() {
  const char* own = std::getenv(geteuid() == 0 ? "TMPDIR" : "XDG_RUNTIME_DIR");
  std::error_code error;
  fs::path base = own != nullptr && *own != '\0' && fs::is_directory(own, error) ? fs::path(own) : fs::path("/tmp");
  std::string pattern = (base / "relapse-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    return fail(FailureKind::Exhausted, fmt::format("{}: {}", pattern, std::strerror(errno)));
  // As root QEMU's account must pass through; it cannot list.
  if (geteuid() == 0) fs::permissions(pattern, fs::perms(0711), error);
  return fs::path(pattern);
}

}  // namespace relapse::guest
