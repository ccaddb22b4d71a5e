// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "guest/mailbox.hpp"
#include "guest/values.hpp"
#include "process/scratch.hpp"
#include "scenario/values.hpp"

namespace relapse::guest {

// One end of a cable between two guests of this host: packets go through loopback's UDP.
struct LinkEnd {
  int here = 0;     // UDP port on 127.0.0.1 that this guest's QEMU reads
  int there = 0;    // the other one's
  std::string mac;  // "52:54:00:00:01:01"
};

struct GuestSpec {
  std::string node;  // "client"
  scenario::Node hardware;
  std::filesystem::path kernel;                      // Image
  std::vector<std::filesystem::path> archives = {};  // cpio, joined in this order: the guest's initramfs
  std::vector<LinkEnd> links = {};                   // network cards in this order: eth0, eth1, ...
  std::optional<std::filesystem::path> disk = {};    // a raw image, /dev/vda in the guest; QEMU's account can write it
  bool terminal = false;  // a terminal for a person, /dev/hvc0 in the guest; see Guest::tellTerminal()
  bool gdb = false;       // a gdb port on loopback, see Guest::gdbPort()
  bool stopped = false;   // with gdb: it waits for the debugger to continue it
};

// One running guest. Used by one thread. Its destructor ends it.
// Nothing here waits for a QEMU that does not answer: after 30 s it is ended, and that is GuestFailed.
class Guest {
 public:
  virtual ~Guest() = default;

  // Bytes for the agent's channel; does not block (the guest may be stuck).
  virtual Result<void> tellAgent(const std::string& bytes) = 0;

  // Bytes typed on its terminal; what it prints there comes as TerminalBytes.
  virtual Result<void> tellTerminal(const std::string& bytes) = 0;

  // All vCPUs' registers and stacks, the guest stopped for the time it takes (some milliseconds); one that was
  // stopped already stays so. `at` is left to the caller.
  virtual Result<Sample> sample() = 0;

  // What each vCPU's thread has run on the host so far; empty when the host does not tell.
  virtual std::vector<std::chrono::nanoseconds> vcpuTimes() = 0;

  // The guest's memory as an ELF core file, with holes for its zeroes; the guest goes on afterwards if it ran.
  // Failures: Exhausted (the disk is full or too slow), Cancelled, GuestFailed; what is in the file then is no dump.
  virtual Result<void> dumpMemory(const std::filesystem::path& file, const DumpLimits& limits) = 0;

  // Whether QEMU answers; the guest itself is not asked.
  virtual Result<void> answers() = 0;

  // Stops its CPUs, and lets them go on. The guest's clocks do not see the time between.
  virtual Result<void> pause() = 0;
  virtual Result<void> resume() = 0;

  // The link of all its network cards, as seen by its kernel: up or down. BadInput: it has none.
  virtual Result<void> setLinks(bool up) = 0;

  // The gdb port on 127.0.0.1, open to every user of the host; 0 when none was asked for.
  virtual int gdbPort() const = 0;

  // What runs it: "libvirt 9.0.0, QEMU 7.2.22".
  virtual std::string versions() = 0;

  // Ends it, at once.
  virtual void end() = 0;

  virtual const std::string& domainXml() const = 0;
};

// "9.0.0"; of the library, not of a daemon.
std::string libvirtVersion();

// libvirt. With an empty URI its QEMU driver runs inside this process, in the folder `root`; one
// process opens one such folder only, and all its guests live in it.
struct HostOptions {
  std::string connect;          // "qemu:///system"; empty: embedded
  std::filesystem::path root;   // short (socket paths below it have 108 characters), existing; removed with the host
  std::filesystem::path cache;  // keeps libvirt's probe of QEMU between processes
};

class GuestHost {
 public:
  // Starts the thread that runs libvirt's event loop and reads the guests' streams.
  // HostLacks: libvirt or QEMU is missing, or the account that QEMU is to run under; says what to install.
  static Result<std::unique_ptr<GuestHost>> open(const HostOptions& options);
  virtual ~GuestHost() = default;

  // Starts a guest, whose console, agent, terminal and end arrive in `mailbox`, which must outlive it. Of several
  // guests that share a mailbox each has a node's name of its own; end a guest before another one takes its name.
  virtual Result<std::unique_ptr<Guest>> start(const GuestSpec& spec, Mailbox& mailbox) = 0;
};

// A cable between two guests: both ends, on UDP ports of 127.0.0.1 that nobody else has. They stay taken until the
// Cable is gone, but for QEMU: keep it for as long as one of its guests lives, or what that one sends to an ended
// guest's port might reach another run, and for a guest that is to be started again.
class Cable {
 public:
  static Result<Cable> lay(int number);  // in the run, 0 to 32767: makes the addresses of the network cards differ
  ~Cable();
  Cable(Cable&& other) noexcept;
  Cable& operator=(Cable&&) = delete;
  const LinkEnd& client() const { return client_; }
  const LinkEnd& server() const { return server_; }

 private:
  Cable() = default;
  LinkEnd client_;
  LinkEnd server_;
  int sockets_[2] = {-1, -1};
};

// A new raw image of `size` bytes, all holes, for GuestSpec::disk: QEMU's account can write it, others cannot read
// it. That account must be able to pass through the image's folder, as it can below HostOptions::root. What was
// written to it is there for the next guest, however the last one ended. Exhausted: it exists, or cannot be written.
Result<void> makeDisk(const std::filesystem::path& file, std::uint64_t size);

// Where the folders for HostOptions::root are.
std::filesystem::path hostRoots();

// A new, short folder of this process's own for HostOptions::root: for nobody else, as root for QEMU's account as well.
Result<process::OwnFolder> makeHostRoot();

// Ends the guests and removes the folders that this user's dead processes left in hostRoots(), where a supervisor was
// killed as well; how many folders there were.
std::size_t endAbandonedGuests();

}  // namespace relapse::guest
