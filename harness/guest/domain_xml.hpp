// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "guest/guest_host.hpp"
#include "scenario/values.hpp"

namespace relapse::guest {

// All that libvirt must know of one guest.
struct DomainSpec {
  std::string name;  // of the domain, unique on its connection
  scenario::Node hardware;
  std::filesystem::path kernel;
  std::filesystem::path initrd;
  std::string commandLine;
  std::filesystem::path consoleSocket;  // the host listens, QEMU connects: no byte is lost
  std::filesystem::path agentSocket;
  std::filesystem::path emulator;
  std::optional<std::filesystem::path> terminalSocket = {};  // as the others
  std::vector<LinkEnd> links = {};
  std::optional<std::filesystem::path> disk = {};
  bool kvm = false;  // else TCG
};

// Libvirt's domain XML for QEMU's "virt" machine. Pure; every text is escaped. Under KVM the guest's CPU is the host's,
// whatever model the scenario names: KVM knows no other.
std::string domainXml(const DomainSpec& spec);

// QEMU's names of the guest's network cards, in the order of eth0, eth1, ...: a card for each link, then the one
// to the host's network, if it has that.
std::vector<std::string> cardNames(const scenario::Node& hardware, std::size_t links);

// The kernel's command line of every guest.
std::string kernelCommandLine();

}  // namespace relapse::guest
