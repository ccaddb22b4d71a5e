// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "failure/values.hpp"
#include "guest/mailbox.hpp"
#include "guest/values.hpp"
#include "scenario/values.hpp"

namespace relapse::guest {

struct GuestSpec {
  std::string node;  // "client"
  scenario::Node hardware;
  std::filesystem::path kernel;        // Image
  std::filesystem::path root;          // initramfs
  std::filesystem::path modules = {};  // an archive that is put behind it; empty: none
};

// One running guest. Used by one thread. Its destructor ends it.
class Guest {
 public:
  virtual ~Guest() = default;

  // Bytes for the agent's channel; does not block (the guest may be stuck).
  virtual Result<void> tellAgent(const std::string& bytes) = 0;

  // All vCPUs' registers and stacks, the guest stopped for the time it takes (some milliseconds). `at` is left to
  // the caller.
  virtual Result<Sample> sample() = 0;

  // What each vCPU's thread has run on the host so far; empty when the host does not tell.
  virtual std::vector<std::chrono::nanoseconds> vcpuTimes() = 0;

  // The guest's memory as an ELF core file, with holes for its zeroes; the guest goes on afterwards.
  virtual Result<void> dumpMemory(const std::filesystem::path& file) = 0;

  // What runs it: "libvirt 9.0.0, QEMU 7.2.22".
  virtual std::string versions() = 0;

  // Ends it, at once.
  virtual void end() = 0;

  virtual const std::string& domainXml() const = 0;
};

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

  // Starts a guest, whose console, agent and end arrive in `mailbox`, which must outlive it.
  virtual Result<std::unique_ptr<Guest>> start(const GuestSpec& spec, Mailbox& mailbox) = 0;
};

// A new, empty, short folder of this process's own for HostOptions::root.
Result<std::filesystem::path> makeHostRoot();

}  // namespace relapse::guest
