// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <libvirt/libvirt.h>

#include "guest/guest_host.hpp"
#include "guest/streams.hpp"

namespace relapse::guest {

struct DestroyAndFree {
  void operator()(virDomain* domain) const {
    virDomainDestroy(domain);  // fails when it has ended by itself, which is as good
    virDomainFree(domain);
  }
};
using OwnedDomain = std::unique_ptr<virDomain, DestroyAndFree>;

// What libvirt says of the last call of this thread that failed. Never empty.
std::string libvirtSays();

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

// The sockets of one guest.
struct GuestStreams {
  std::shared_ptr<Stream> console;
  std::shared_ptr<Stream> agent;
  std::shared_ptr<Stream> terminal = {};  // null: it has none

  void resume() const;
  void close() const;
};

// What a LibvirtGuest is made of. `mailbox` and `ends` outlive it.
struct GuestParts {
  std::string name;  // of the domain
  std::string node;
  std::filesystem::path folder;  // its own: QEMU's command line names it; removed at its end
  std::filesystem::path log;     // that libvirt writes of its QEMU; removed likewise
  std::string xml;
  GuestStreams streams;
  std::vector<std::string> cards;  // as QEMU's monitor names them
  bool kvm = false;
  Mailbox* mailbox;
  Ends* ends;
};

class LibvirtGuest : public Guest {
 public:
  LibvirtGuest(OwnedDomain domain, GuestParts parts);
  ~LibvirtGuest() override { end(); }

  // Starts QEMU's gdb server on a port that it chooses.
  Result<void> listenForGdb();

  Result<void> tellAgent(const std::string& bytes) override;
  Result<void> tellTerminal(const std::string& bytes) override;
  Result<Sample> sample() override;
  std::vector<std::chrono::nanoseconds> vcpuTimes() override;
  Result<void> dumpMemory(const std::filesystem::path& file, const DumpLimits& limits) override;
  Result<void> answers() override;
  Result<void> pause() override;
  Result<void> resume() override;
  Result<void> setLinks(bool up) override;
  int gdbPort() const override { return gdbPort_; }
  std::string versions() override;
  void end() override;
  const std::string& domainXml() const override { return parts_.xml; }

 private:
  void endQemu();
  Result<bool> isRunning();
  Result<void> setRunning(bool running);
  Result<Sample> sampleStopped();
  Result<std::string> memory(int vcpu, std::uint64_t address, std::size_t words);
  Result<std::string> qmp(const std::string& command);
  Result<std::string> hmp(const std::string& command);
  Result<std::string> ask(const std::string& command, unsigned int form);

  OwnedDomain domain_;
  GuestParts parts_;
  int gdbPort_ = 0;
  std::optional<Failure> lost_;  // QEMU was ended because it did not answer
};

}  // namespace relapse::guest
